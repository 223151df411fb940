/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* One play, from the making of its world to the last look at what is left. */

#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "oracle.h"

struct play play;

const char *const play_services[SERVICES] = {"Prices", "Stocks", "Quotes", "RawQuotes"};
const char *const play_topics[TOPICS] = {"London", "Tokyo"};
const char *const play_items[ITEMS] = {"Copper", "Zinc", "Lead"};
const UINT play_formats[FORMATS] = {CF_TEXT, 0x0201};

/* How long nothing must have happened before the world counts as being at rest; how long to wait for what has to come;
 * how long a play may take, in a world whose processes stand still for seconds and whose clock jumps by minutes. */
enum { REST_MS = 700, PATIENCE_MS = 600000, LOOK_MS = 100, LONGEST_MS = 6 * 3600 * 1000 };

bool play_without(const char *name)
{
    const char *at = play.options.without;
    size_t n = strlen(name);

    while (at && *at) {
        size_t length = strcspn(at, ",");

        if (length == n && !strncmp(at, name, n))
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

/* ---- Chance ---------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

unsigned chance(struct actor *a, unsigned n)
{
    a->random = mix(a->random);
    return n ? (unsigned)(a->random >> 33) % n : 0;
}

bool permille(struct actor *a, unsigned n)
{
    return chance(a, 1000) < n;
}

bool play_next_step(struct actor *a)
{
    if (!a->steps)
        return false;
    a->steps--;
    a->step++;
    a->random = mix(play.options.seed * 64 + a->number) + mix(a->step);
    return true;
}

/* ---- Actors ------------------------------------------------------------------------------------------------ */

void play_busy(void)
{
    play_busy_for(0);
}

void play_busy_for(uint64_t ms)
{
    if (sim_now_ms() + ms > play.busy_at)
        play.busy_at = sim_now_ms() + ms;
}

struct actor *play_self(void)
{
    int process = sim_self(), thread = sim_self_thread();

    for (unsigned i = 0; i < play.n_actors; i++)
        if (play.actors[i].process == process && play.actors[i].sim_thread == thread)
            return &play.actors[i];
    return NULL;
}

struct actor *play_cast(enum actor_kind kind, int process)
{
    struct actor *a = &play.actors[play.n_actors];
    char name[16];

    if (play.n_actors == ACTORS)
        return NULL;
    *a = (struct actor){.number = play.n_actors++, .kind = kind, .process = process, .stage = STAGE_PLAYING};
    snprintf(name, sizeof name, "actor:%u", a->number);
    a->steps = play_without(name) ? 0 : play.steps;
    return a;
}

void play_enter(struct actor *a)
{
    a->sim_thread = sim_self_thread();
    a->thread = host_thread_id();
    a->session_thread = host_session_thread();
    if (!play.rehearsed[a->process])
        CALL(DdemlSetDeadlines)(play.initiate_ms, play.shutdown_ms);
    play.rehearsed[a->process] = true;
}

/* Have all who are still there come so far? */
static bool all_are(void *stage)
{
    for (unsigned i = 0; i < play.n_actors; i++) {
        const struct actor *a = &play.actors[i];

        if (a->kind == ACTOR_SERVICE || !sim_alive(a->process))
            continue;
        if (a->stage < *(enum actor_stage *)stage || (a->exits && !sim_thread_over(a->sim_thread)))
            return false;
    }
    return true;
}

/* Serves its parties until the others have come so far, too. */
static void wait_for_all(struct actor *a, enum actor_stage stage)
{
    a->stage = stage;
    while (!all_are(&stage))
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + LOOK_MS);
}

bool play_queues_are_short(void)
{
    return play.world.queue_limit && play.world.queue_limit <= 100;
}

/* Where queues are short messages wait for each other: where one has room, a hundred in turn. */
static bool is_quiet(void)
{
    const struct sim_options *o = &play.world;
    uint32_t travels = play_queues_are_short() ? 10 + 100 / o->queue_limit : 1;
    uint64_t rest = REST_MS + o->max_hang_ms + travels * (o->max_delay_ms + LOOK_MS);

    if (sim_left(-1).queued) /* perhaps a message that no callback tells of, and then the answer */
        rest += 2 * travels * (o->max_delay_ms + LOOK_MS);
    return sim_now_ms() >= play.busy_at + rest;
}

static struct actor *service_of(const struct actor *a)
{
    for (unsigned i = 0; i < play.n_actors; i++)
        if (play.actors[i].keeper == a && play.actors[i].service_thread)
            return &play.actors[i];
    return NULL;
}

static void CALLBACK calm_down(LPVOID actor)
{
    struct actor *a = actor;

    sim_calm_begin(); /* until the thread ends */
    a->tame = true;
    play_busy();
    for (int i = 0; i < AT_ONCE; i++)
        if (a->parties[i] && CALL(DdeEnableCallback)(a->parties[i]->id, 0, EC_ENABLEALL))
            oracle_enable(a->parties[i], NULL, EC_ENABLEALL);
}

static void CALLBACK look(LPVOID actor)
{
    struct actor *a = actor;

    for (int i = 0; i < AT_ONCE; i++)
        if (a->parties[i])
            oracle_at_rest(a->parties[i]);
}

static void leave(struct actor *a)
{
    for (int i = 0; i < AT_ONCE; i++)
        if (a->parties[i])
            party_close(a->parties[i]);
}

/* On the thread that the actor keeps. */
static void on_service(struct actor *a, PFNDDEMLTHREAD function)
{
    struct actor *s = service_of(a);

    if (s)
        CALL(DdemlCallThread)(s->service_thread, function, s, PATIENCE_MS);
}

/* ---- The acts ------------------------------------------------------------------------------------------------ */

static void open_scene(struct actor *a)
{
    static const DWORD flags[] = {
        0, 0, 0, 0, 0, CBF_SKIP_CONNECT_CONFIRMS, APPCLASS_MONITOR | MF_MASK, APPCMD_CLIENTONLY};
    struct party *p;

    a->random = mix(play.options.seed * 64 + a->number);
    if (!party_open(a, flags[chance(a, 8)], chance(a, 2)))
        return;
    p = a->parties[0];
    if (!p->monitor && !p->client_only && chance(a, 4) && p->services[0])
        CALL(DdeNameService)(p->id, p->services[chance(a, SERVICES - 1)], 0, DNS_REGISTER);
}

static void improvise(struct actor *a)
{
    open_scene(a);
    while (play_next_step(a)) {
        ops_step(a);
        if (!chance(a, 4))
            CALL(DdemlDispatch)(0);
    }
}

/* Of those who are still there. */
static bool is_first(const struct actor *a)
{
    for (unsigned i = 0; i < a->number; i++)
        if (play.actors[i].kind != ACTOR_SERVICE && !play.actors[i].exits &&
            sim_alive(play.actors[i].process))
            return false;
    return true;
}

/* Everybody waits for everybody: then it is quiet, then the oracle looks, then all leave. */
static void last_act(struct actor *a)
{
    wait_for_all(a, STAGE_RESTING);
    sim_spare(a->process);
    calm_down(a);
    if (service_of(a) && service_of(a)->stopping) /* it takes no calls any more, and so would not calm down */
        service_stop(service_of(a), PATIENCE_MS);
    on_service(a, calm_down);
    while (!is_quiet())
        host_dispatch(HOST_ALL_MESSAGES, host_now_ms() + LOOK_MS);
    wait_for_all(a, STAGE_QUIET);
    look(a);
    on_service(a, look);
    wait_for_all(a, STAGE_LOOKED);
    if (is_first(a))
        oracle_all_at_rest();
    raw_at_rest(a);
    for (int i = 0; i < AT_ONCE; i++)
        if (a->parties[i] && a->parties[i]->monitor)
            monitors_at_rest(a->parties[i]);
    wait_for_all(a, STAGE_JUDGED);
    while (service_of(a))
        service_stop(service_of(a), PATIENCE_MS);
    raw_leave(a);
    leave(a);
}

static void perform(void *actor)
{
    struct actor *a = actor;

    play_enter(a);
    if (a->kind == ACTOR_RAW)
        raw_play(a);
    else
        improvise(a);
    last_act(a);
    a->stage = STAGE_GONE;
}

/* The last thread of a process looks into its books. */
static bool is_last(const struct actor *a)
{
    for (unsigned i = 0; i < play.n_actors; i++) {
        const struct actor *b = &play.actors[i];

        if (b != a && b->process == a->process && b->stage < STAGE_GONE)
            return false;
    }
    return true;
}

static void actor_runs(void *actor)
{
    struct actor *a = actor;

    perform(a);
    if (is_last(a))
        oracle_process_over(a->process);
}

/* ---- The play ---------------------------------------------------------------------------------------------------- */

static void cast_all(void)
{
    unsigned processes = 2 + sim_below(5);

    for (unsigned p = 0; p < processes; p++) {
        int process = sim_process();
        bool raw = p && sim_permille(150) && !play_without("raw");
        unsigned threads = raw ? 1 : 1 + (sim_permille(250) ? 1 + sim_below(2) : 0);

        play.n_processes = process + 1;
        for (unsigned t = 0; t < threads; t++) {
            struct actor *a = play_cast(raw ? ACTOR_RAW : ACTOR_PLAIN, process);

            if (a)
                a->sim_thread = sim_thread(process, actor_runs, a);
        }
    }
}

static void turn_off(struct sim_options *o)
{
    for (int i = 0; i < SIM_FAULT_N; i++) {
        char name[40];

        snprintf(name, sizeof name, "fault:%s", sim_fault_name((enum sim_fault)i));
        if (play_without(name) || play_without("faults"))
            o->fault_permille[i] = 0;
    }
    if (play_without("world:kills"))
        o->kill_per_million = 0;
    if (play_without("world:hangs"))
        o->hang_per_million = 0;
    if (play_without("world:jumps"))
        o->jump_per_million = 0;
    if (play_without("world:delays"))
        o->max_delay_ms = o->max_late_ms = 0;
    if (play_without("world:queue"))
        o->queue_limit = 0;
    if (play_without("world:preempt"))
        o->preempt_permille = 0;
}

static unsigned one_of(const unsigned *from, unsigned n)
{
    return from[sim_below(n)];
}

static void take_chances(void)
{
    static const unsigned wild[] = {0, 20, 80, 300}, block[] = {0, 0, 30, 150}, refuse[] = {0, 50, 50, 300};

    play.steps = play.options.steps ? play.options.steps : 5 + sim_below(40);
    play.wild = one_of(wild, 4);
    play.block = one_of(block, 4);
    play.refuse = one_of(refuse, 4);
    play.initiate_ms = 200 + sim_below(800);
    play.shutdown_ms = 500 + sim_below(3000);
    ops_prepare();
}

bool play_run(const struct play_options *options)
{
    memset(&play, 0, sizeof play);
    play.options = *options;
    oracle_reset();
    raw_reset();
    play.world = sim_options_from_seed(options->seed);
    turn_off(&play.world);
    play.hostile = mix(options->seed) % 3 ? 0 : 50 + mix(options->seed) / 3 % 400;
    play.world.lenient = play.hostile; /* such a partner gives away what it has not */
    play.world.loud = options->loud;
    play.world.story_lines = options->lines;
    sim_open(&play.world);
    take_chances();
    cast_all();
    if (!sim_run(LONGEST_MS))
        violated("hang", "%s", sim_why());
    else
        oracle_world_over();
    return !sim_violations();
}
