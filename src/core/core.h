/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */
#ifndef DDEML_CORE_H
#define DDEML_CORE_H

/* The conversation manager. One thread owns an instance and everything in it, so nothing here takes a lock.
 *
 *   thread    the instances of one thread, whether it waits in a synchronous transaction, and what awaits its end
 *   worker    a thread that the library keeps for a program without a message loop
 *   inst      one DDEML initialisation
 *   string    an HSZ: a text of the instance, kept as one reference on a global atom
 *   data      an HDDEDATA
 *   conv      one side of a conversation and its window; after its end, the tombstone
 *   port      the window of a conversation; some conversations of a list share one
 *   convlist  an HCONVLIST
 *   xact      a client's transaction, from its posting until its answer has been dealt with
 *   delivery  something that waits for its turn to be given to the callback
 *   link      an advise loop, on either side
 *
 * Three rules hold everywhere:
 * - A callback may do anything. Whoever raises one holds the instance (inst_hold) and the conversation
 * (conv_hold) and looks at their state again afterwards. The last release of a conversation that has ended
 * buries it, the last release of an instance that is ending finishes it.
 * - A thread may end inside a callback. What a call holds meanwhile stands in a list of the instance or of
 * the conversation, so that their end finds it.
 * - Errors are DMLERR_ codes from here upwards; the api stores them (inst_fail). */

#include "winddeml.h"

#include "base/handle.h"
#include "base/ledger.h"
#include "base/list.h"
#include "base/map.h"
#include "base/spares.h"
#include "host/host.h"
#include "wire/wire.h"

/* The lock-step value that a callback returns to block its conversation. */
#define BLOCKED_RESULT ((uintptr_t)CBR_BLOCK)

/* ---- Threads ------------------------------------------------------------------------------------------ */

struct thread {
    struct list insts;   /* every instance that has not been finished, the ending ones included */
    struct list endings; /* struct ending.place                                                 */
    bool waiting;        /* in a synchronous transaction                                        */
    bool ended;          /* nobody is called back any more                                */
    unsigned watching;   /* callbacks with XTYP_MONITOR that are running                        */
};

struct thread *thread_current(void); /* NULL: both lists would be empty                     */
struct thread *thread_enter(void);   /* makes the record; NULL: no memory                   */
void thread_leave(struct thread *t); /* forgets the record when it holds nothing            */

/* For a call that is running on the thread, and will never return if the thread ends in a callback: it is told so, when
 * the thread's instances have ended. */
struct ending {
    struct list place; /* in the thread's list */
    void (*tell)(struct ending *e);
};
bool ending_await(struct ending *e, void (*tell)(struct ending *)); /* false: no memory               */
void ending_forget(struct ending *e);                               /* on the same thread; never told */

/* Threads that the library keeps (worker.c). They return DMLERR_ codes; until: of host_now_ms. */
UINT worker_start(PFNDDEMLTHREAD start, LPVOID param, DWORD *id);
UINT worker_call(DWORD id, PFNDDEMLTHREAD function, LPVOID param, uint64_t until);
UINT worker_stop(DWORD id, uint64_t until);

/* The process's deadlines, in ms. */
uint32_t deadline_initiate(void);
uint32_t deadline_shutdown(void);
void deadline_set(uint32_t initiate, uint32_t shutdown); /* 0: as it is */

struct conv;
struct convlist;
struct link;
struct delivery;
struct xact;
struct group;

enum conv_gate {
    GATE_OPEN,
    GATE_BLOCKED,
    GATE_ONE,    /* lets one through, then closes */
    GATE_PASSING /* that one is being delivered: closed for the others, but the callback sees it open */
};

/* ---- Instances ---------------------------------------------------------------------------------------- */

struct inst {
    struct list node; /* of the thread */
    struct thread *thread;
    uintptr_t handle; /* 0 once it is ending */
    PFNCALLBACK callback;
    bool unicode, monitor, client_only, filter, ending;
    bool leaving; /* DdeUninitialize has been called: nothing new begins */
    DWORD flags;  /* CBF_ and MF_ bits */
    unsigned holds;
    UINT last_error;

    host_wnd mom, event;
    bool resume_posted, ticking;
    bool delivering_news, news_wait; /* monitor: in its callback; there may be more to hear */
    enum conv_gate gate; /* as DdeEnableCallback for all has left it: that of conversations to come */

    struct map strings; /* by atom                                  */
    struct list all_strings;
    struct list all_data;
    struct list services;   /* registered names                          */
    struct list convs;      /* open ones, in the order of their opening  */
    unsigned last_conv;     /* conv->number                              */
    struct list tombstones; /* oldest first                              */
    struct list ready;      /* conversations to be looked at from the message loop */
    struct list watched;    /* and those to be looked at now and then             */
    struct list convlists;
    struct map xacts; /* by id                                     */
    uint32_t last_xact;
    struct map links; /* by conversation and item                       */
    struct list all_links;
    struct list scratch; /* memory of calls that are running */
    struct map topics;   /* advise groups by topic and item                */
    struct list groups;
    unsigned link_changes; /* counts every change that a running DdePostAdvise must know of */
    struct spares spare_data, spare_xacts, spare_deliveries;

    struct ledger ledger;
};

UINT inst_open(DWORD *id, PFNCALLBACK callback, DWORD flags, bool unicode);
struct inst *inst_get(DWORD id); /* NULL: no such instance on this thread */
DWORD inst_id(const struct inst *in);
void inst_hold(struct inst *in);
void inst_drop(struct inst *in);
void inst_close(struct inst *in); /* DdeUninitialize; finished when the last hold goes */
void inst_abort(struct inst *in); /* its thread ends: closed and finished without waiting      */

/* Memory that a call of this library needs while callbacks run. A thread may end inside one of them, and then
 * nobody comes back to free it: whatever such a call holds stands in a list of the instance or of the
 * conversation. NULL: none left. */
void *scratch_new(struct inst *in, size_t size);
void scratch_free(void *p); /* NULL: nothing */

/* Stores an error: in the instance, or in every instance of the thread if in is NULL. */
void inst_fail(struct inst *in, UINT error);

void inst_event(void *inst, const struct host_msg *hm); /* the procedure of mom and event window */

/* Calls the callback. conv may be NULL. The caller holds the instance. Returns its result. */
uintptr_t inst_raise(struct inst *in, struct conv *c, UINT type, UINT fmt, HCONV h, uintptr_t hsz1,
                     uintptr_t hsz2, uintptr_t data, ULONG_PTR d1, ULONG_PTR d2);

/* ---- Strings ------------------------------------------------------------------------------------------ */

struct string {
    struct map_node node; /* inst->strings */
    struct list all;
    struct inst *inst;
    uintptr_t handle;
    host_atom atom;    /* one reference                                      */
    unsigned app_refs; /* what the application made and kept                  */
    unsigned refs;     /* what the library itself holds                       */
    size_t length;
    uint16_t text[]; /* null-terminated */
};

/* Each of these returns a new library reference, or NULL (no memory, atom table full, atom gone). */
struct string *string_from_text(struct inst *in, const uint16_t *text);
struct string *string_from_atom(struct inst *in, host_atom atom);
struct string *string_ref(struct string *s); /* NULL: NULL */
void string_unref(struct string *s);         /* NULL: nothing */
void string_forget(struct string *s);        /* the instance ends: whatever is still counted      */

void string_app_ref(struct string *s);
bool string_app_unref(struct string *s); /* false: the application has no reference */

struct string *string_get(const struct inst *in, HSZ hsz); /* borrowed; NULL: not one of this instance */
struct string *string_get_any(HSZ hsz);                    /* borrowed; of any instance of the thread  */
uintptr_t string_handle(const struct string *s);           /* 0 for NULL                               */
/* Borrowed; NULL: the instance has none for the atom. It needs no memory. */
struct string *string_known(const struct inst *in, host_atom atom);
/* Borrowed: the string that a monitor's event names by its atom. NULL: there is none, or it is no monitor. */
struct string *string_heard(const struct inst *in, HSZ atom);

/* A new atom reference for a message, booked; 0: no room, or s is NULL. */
host_atom string_atom_ref(struct string *s);

/* ---- Data objects -------------------------------------------------------------------------------------- */

enum data_owner {
    DATA_APP,  /* the application frees it                                                      */
    DATA_LENT, /* handed to a callback: read-only, the library frees it when the callback returns */
};

struct data {
    struct list all; /* inst->all_data */
    struct inst *inst;
    uintptr_t handle;
    host_mem mem;
    bool borrowed; /* mem belongs to a message that outlives the object */
    enum data_owner owner;
    bool app_owned; /* HDATA_APPOWNED                                   */
    bool read_only;
    struct string *item; /* NULL: 0, or a value that was no string handle */
    uintptr_t hsz;       /* the item as it was given                      */
    UINT fmt;
    size_t header, size;
    unsigned locks;
    unsigned char *bytes; /* while locked */
};

struct data *data_new(struct inst *in, const void *src, size_t cb, size_t offset, HSZ item, UINT fmt,
                      bool app_owned);
struct data *data_get(HDDEDATA h); /* borrowed; NULL: not one of this thread's */

/* An object around the G of a message: `own`: it takes mem (which stays the caller's on failure). */
struct data *data_wrap(struct inst *in, host_mem mem, size_t header, size_t size, struct string *item,
                       UINT fmt, bool own, enum data_owner owner);
void data_free(struct data *d); /* NULL: nothing */

/* Turns the object into a G for a message, with so much header: an ordinary object is used up (d is gone), an
 * app-owned one is copied. 0: no memory (an ordinary object is gone all the same). */
host_mem data_consume(struct data *d, size_t header);

unsigned char *data_lock(struct data *d); /* NULL: no memory. Counted. */
void data_unlock(struct data *d);
bool data_resize(struct data *d, size_t size);

/* ---- Conversations ------------------------------------------------------------------------------------ */

enum conv_state {
    CONV_CONNECTING, /* client: INITIATE is being sent                                            */
    CONV_OPEN,
    CONV_CLOSING, /* tombstone: our TERMINATE is out, everything that arrives is disposed of      */
    CONV_DEAD,    /* nothing can arrive: the window goes with the last hold                       */
};

/* A conversation window. As a rule it has one conversation. Servers that are not of this library and answer
 * the INITIATE of a conversation list share the window that asked: their own windows tell them apart. */
struct port {
    host_wnd wnd; /* 0: destroyed */
    struct inst *inst;
    struct list convs; /* in the order of their making; it lives as long as there is one */
};

/* An INITIATE that is going round. */
struct search {
    bool many;              /* every answer is kept, not only the first        */
    struct convlist *known; /* many: whoever is in here is not wanted again    */
    struct list found;      /* struct conv.member: what came about; each is held */
};

/* What every message looks at stands in front: of many conversations the rest is not in the processor's cache. */
struct conv {
    struct inst *inst;
    uintptr_t handle; /* 0: no longer valid */
    struct string *topic;
    struct list in_port;
    struct link *latest; /* the loop that was found last; NULL: none, or it has ended */
    struct wire_end end;
    enum conv_state state;
    enum conv_gate gate;
    unsigned holds;
    unsigned callbacks; /* active ones                     */
    unsigned number;    /* counts those of the instance    */
    bool client, self;
    bool running;           /* the deliveries are being worked off                        */
    bool offering;          /* server: the ACK of INITIATE is being sent, and nothing has come in yet */
    bool unsure;            /* server: the client may never have got it                   */
    bool told;              /* the host tells us when the partner has gone                */
    bool terminated;        /* the partner ended it                                       */
    bool broken;            /* the partner was found dead; dealt with from the message loop */
    bool owes_terminate;    /* our TERMINATE could not be posted yet                        */
    bool confirmed;         /* the partner's has come, and only ours is still to go         */
    bool established;       /* monitors have been told, or would have been                  */
    host_atom echo;         /* client: what the next ACK names if it is an echo (client.c); else 0 */
    struct list deliveries; /* what waits for its turn                                  */
    struct list xacts;      /* client: outstanding, oldest first                        */
    struct list under_way;  /* being delivered, the innermost last                      */
    struct list unacked;    /* server: DATA that the client has still to acknowledge    */
    struct port *port;
    UINT last_error, convst;

    struct list node; /* inst->convs or inst->tombstones */
    struct list ready, watch;
    struct list member;       /* of search->found, later of in_list             */
    struct search *search;    /* client: its INITIATE is still going round      */
    struct convlist *in_list; /* NULL: none                                     */
    uintptr_t partner_handle; /* 0: partner is not of this library. Its own handle if it is local, else one
                               * of ours that stands for it: the values of others may equal our own       */
    host_atom asked[2];       /* client: references for the INITIATE that is going round */
    struct string *service_req, *service;
    CONVCONTEXT context;
    DWORD_PTR huser;
    struct list failed;   /* client: completions that are told before the end is     */
    struct xact *waiting; /* client: the synchronous one whose caller waits         */
    struct list links;    /* both sides                                             */
};

/* What the card of a conversation window says, the same on 32 and on 64 bits. Handle and instance mean
 * something only where the window is ours (host_window_ours). */
struct conv_card {
    uint64_t handle, huser;
    uint32_t inst;
    CONVCONTEXT context;
};
bool conv_read_card(host_wnd wnd, struct conv_card *card); /* false: not a conversation of this library */
bool conv_write_card(struct conv *c);

/* scout: its window is to be used as well; NULL: the conversation gets one of its own. */
struct conv *conv_new(struct inst *in, bool client, struct string *service, struct string *topic,
                      const CONVCONTEXT *context, struct conv *scout);
struct conv *conv_get(HCONV h);
bool port_shared(const struct port *p); /* by several conversations */
void conv_hold(struct conv *c);
void conv_drop(struct conv *c);
void conv_message(void *port, const struct host_msg *hm); /* the window procedure */
void conv_open(struct conv *c);
void conv_set_error(struct conv *c, UINT error);
bool conv_posted(struct conv *c, int result);   /* sees to a failed post; true if it was none       */
void conv_answered(struct conv *c, int result); /* the same for an answer: without it, it cannot go on */
void conv_tell_overrun(struct conv *c);         /* XTYP_ERROR if it is due; the caller holds instance and c */
void conv_ready(struct conv *c);                /* has it looked at from the message loop           */
void conv_watch(struct conv *c);                /* has it looked at now and then                    */

/* Initiating (initiate.c). */
struct conv *conv_connect(struct inst *in, struct string *service, struct string *topic,
                          const CONVCONTEXT *context, UINT *error);
/* Adds every conversation that comes about to the list. */
UINT conv_connect_all(struct convlist *l, struct string *service, struct string *topic,
                      const CONVCONTEXT *context);
/* Opens a conversation once more that its server has ended, and its loops. NULL: no server. */
struct conv *conv_reconnect(struct conv *c, UINT *error);
void conv_initiated(struct conv *c); /* its INITIATE, if there was one, has gone round */
void conv_initiate_ack(struct conv *c, const struct host_msg *hm);
void conv_moved(struct conv *c, const struct host_msg *hm);
void conv_confirm(struct conv *c);
void inst_initiate(struct inst *in, const struct host_msg *hm);

/* Ending (teardown.c). */
void conv_end(struct conv *c, UINT error);    /* we end it: what waits for it fails with error              */
void conv_give_up(struct conv *c);            /* and if it is being told of its end: it hears no more of it */
void conv_peer_quits(struct conv *c);         /* the partner did                                            */
void conv_broken(struct conv *c);             /* an answer failed, or the partner was found dead            */
void conv_lost(struct conv *c);               /* the partner has gone without doing so                      */
void conv_gone(struct conv *c, host_wnd wnd); /* the host says that this window has gone                   */
void conv_confirmed(struct conv *c);          /* a tombstone's partner has said its last word               */
void conv_finish(struct conv *c);             /* a tombstone's partner has confirmed, or has gone           */
void conv_bury(struct conv *c);               /* destroys window and record                                 */
void conv_violated(struct conv *c);           /* the partner broke the protocol beyond repair, or we must   */
void port_lost(struct port *p);               /* the window is being destroyed by somebody else             */
bool conv_sweep(struct conv *c);              /* periodic look; true while there is something to watch      */

/* ---- Conversation lists (convlist.c) ------------------------------------------------------------------ */

/* A member that ends leaves its list; an empty list is still one. */
struct convlist {
    struct list node; /* inst->convlists */
    struct inst *inst;
    uintptr_t handle; /* 0: while it is being filled */
    struct list members;
};

struct convlist *convlist_new(struct inst *in); /* without a handle; NULL: no memory */
bool convlist_publish(struct convlist *l);      /* gives it a handle; false: no memory */
void convlist_hide(struct convlist *l);         /* its handle is no longer valid       */
struct convlist *convlist_get(HCONVLIST h);
void convlist_add(struct convlist *l, struct conv *c);
void convlist_leave(struct conv *c);          /* no list: nothing                       */
void convlist_drop_ended(struct convlist *l); /* whose XTYP_DISCONNECT is running */
void convlist_free(struct convlist *l);       /* what is in it stays as it is           */

/* ---- Deliveries (delivery.c) -------------------------------------------------------------------------- */

/* A blockable transaction that waits for its turn. Per conversation they keep their order; while one is being
 * delivered, or the conversation is blocked, the others wait. */
struct delivery {
    struct list node;
    struct wire_msg m;   /* a message, with all that it carries; id 0: none      */
    struct xact *xact;   /* or a transaction that has been completed             */
    struct string *item; /* of the message                                       */
    bool notice;         /* client: an update that the server wants acknowledged */
    int answer;          /* client: a status that waits for its turn, without a callback; or DELIVERED */
    bool did_something;  /* UNADVISE: at least one link has ended                */
    bool under_way;      /* the callback is running                              */
    UINT type, fmt;      /* what the callback is being given                     */
};

enum { DELIVERED = -1 }; /* an answer that the callback gives */

/* Takes m and item. Without memory the message is refused as busy, or the conversation ends. */
void delivery_add(struct conv *c, struct wire_msg *m, struct string *item, bool notice, int answer);
void delivery_add_completion(struct conv *c, struct delivery *j); /* takes j */
void delivery_run(struct conv *c);     /* delivers what may be delivered now            */
void delivery_discard(struct conv *c); /* disposes of everything that waits, by the T rows */
void delivery_withdraw(struct conv *c, struct delivery *j);
void delivery_free(struct conv *c, struct delivery *j); /* one that does not wait */
bool delivery_blocked(const struct conv *c);
void delivery_begin(struct conv *c, struct delivery *j);
void delivery_end(struct delivery *j);
/* Gives it to the callback, as the one that EC_ENABLEONE allows; j->fmt is the caller's. */
uintptr_t delivery_raise(struct conv *c, struct delivery *j, UINT type, UINT fmt, const struct string *item,
                         uintptr_t data, ULONG_PTR d1, ULONG_PTR d2);
struct delivery *delivery_current(const struct conv *c); /* the innermost one; NULL: none is under way */
void delivery_enable(struct inst *in, struct conv *c, UINT command); /* DdeEnableCallback; c NULL: all */
bool delivery_waiting(const struct inst *in, const struct conv *c);

/* ---- Client side (client.c) --------------------------------------------------------------------------- */

enum xact_state {
    XACT_SENT,
    XACT_DONE,      /* answered, or failed for good                                      */
    XACT_ABANDONED, /* nobody wants the answer; kept only to recognise it when it comes   */
};

struct xact {
    struct list node;      /* conv->xacts while the answer is outstanding */
    struct map_node by_id; /* inst->xacts; async only                     */
    struct conv *conv;
    struct delivery
        *prepared; /* async: how its completion will be delivered; made beforehand, so that it cannot fail */
    struct delivery *delivery; /* the same, once it is under way or done */
    unsigned refs;             /* the conversation's, the waiting caller's, the delivery's  */
    uint32_t id;               /* 0: sync */
    UINT type, fmt;
    struct string *item;
    UINT flags;      /* of ADVSTART: XTYPF_NODATA, XTYPF_ACKREQ */
    bool about_link; /* a loop counts it as asked             */
    enum xact_state state;
    UINT convst, error; /* XST_, DMLERR_                      */
    uint16_t status;    /* DDE_ flags of the answer           */
    host_mem mem;       /* the answer to a REQUEST            */
    size_t size;
    DWORD_PTR huser;
    struct wire_sent sent;
};

struct client_call {
    UINT type, fmt, flags;
    struct string *item;
    host_mem mem;  /* POKE, EXECUTE: used up in every case */
    DWORD timeout; /* TIMEOUT_ASYNC: do not wait          */
};

struct client_result {
    struct data *data; /* sync REQUEST: the caller's                      */
    uint16_t status;   /* sync: DDE_ flags of the answer, if one came     */
    bool answered;
    uint32_t id; /* async                                                 */
};

/* Asks for a loop that another conversation had; nobody is told whether it is granted. */
void client_restart(struct conv *c, const struct link *l);

/* Runs or starts a transaction on an open client-side conversation; returns a DMLERR_ code. The caller holds
 * both. */
UINT client_transact(struct conv *c, const struct client_call *call, struct client_result *result);
struct xact *client_find(struct conv *c, uint32_t id); /* async only; borrowed */
void client_abandon(struct xact *x);
void client_abandon_all(struct conv *c);
void client_message(struct conv *c, struct wire_msg *m); /* DATA, ACK */
void client_discard(struct conv *c, struct wire_msg *m); /* DATA, after our TERMINATE */
void client_deliver(struct conv *c, struct delivery *j, uintptr_t *result);
void client_keep_answered(struct conv *c); /* the server ends it: what has been answered is to be told */
void client_fail_all(struct conv *c, UINT error, bool tell); /* tell: client_tell_failed is to come        */
void client_tell_failed(struct conv *c);                     /* completes the async ones                   */
void client_end(struct conv *c);                             /* no answer will come any more                */
void xact_unref(struct xact *x);

/* What a callback's result becomes in an ACK. */
uint16_t client_status(uintptr_t result);

/* ---- Server side (server.c) --------------------------------------------------------------------------- */

void server_message(struct conv *c, struct wire_msg *m); /* ADVISE, UNADVISE, REQUEST, POKE, EXECUTE */
void server_deliver(struct conv *c, struct delivery *j, uintptr_t *result);

/* A callback's data handle as the answer to a question about item and fmt: the G to send, used up or copied
 * as its owner wants it; 0 if there is none or it does not fit. */
host_mem server_take_result(struct conv *c, uintptr_t result, const struct string *item, UINT fmt);

/* Text of an EXECUTE for the other side (text.c; docs/conformance.md, 1.7). */
host_mem text_to_wire(struct conv *c, host_mem mem, size_t size);
struct data *text_from_wire(struct conv *c, const struct wire_msg *m);

/* ---- Advise loops (link.c) ---------------------------------------------------------------------------- */

enum link_state {
    LINK_STARTING, /* client: ADVISE posted. server: being asked for   */
    LINK_ACTIVE,
    LINK_STOPPING, /* client: UNADVISE posted. server: being ended      */
};

struct link {
    struct map_node by_item;
    struct conv *conv; /* NULL: the loop has ended              */
    struct string *item;
    UINT fmt;
    enum link_state state;
    unsigned refs;
    bool no_data, ack_req;
    bool pending, dirty;  /* server: an update is unacknowledged; the value has changed since */
    bool granted;         /* client: the server has said yes                                  */
    bool established;     /* monitors have been told, or would have been                      */
    struct list in_group; /* server: of the advise group           */
    struct group *group;  /* server                                */
    struct inst *inst;

    unsigned asked;   /* client: questions about it that have no answer yet               */
    struct list node; /* conv->links                           */
    struct list all;
};

struct link *link_new(struct conv *c, struct string *item, UINT fmt, UINT flags);
struct link *link_find(struct conv *c, const struct string *item, UINT fmt);
struct link *link_find_notice(struct conv *c, const struct string *item); /* a warm one, of any format */
void link_ref(struct link *l);
void link_unref(struct link *l);
void link_end(struct link *l); /* takes it out of the conversation */
void link_end_all(struct conv *c);
void link_forget(struct link *l);    /* the instance ends: whoever still holds it */
void link_confirmed(struct link *l); /* server: the ACK of ADVISE is out     */
void link_resumed(struct link *l);   /* server: it has refused to stop it    */
void link_update_acked(struct conv *c, struct wire_msg *ack);
void link_settle_all(struct conv *c); /* server: no ACK will come any more */

/* Returns DMLERR_NO_ERROR, or why an update could not be sent. */
UINT link_post_advise(struct inst *in, struct string *topic, struct string *item);

/* ---- Name service (names.c) --------------------------------------------------------------------------- */

bool names_registered(const struct inst *in, const struct string *service);
void names_filter(struct inst *in, bool on); /* off: it hears of every INITIATE */
UINT names_register(struct inst *in, struct string *service);
UINT names_unregister(struct inst *in, struct string *service); /* NULL: all */
void names_forget(struct inst *in);
void names_event(struct inst *in, const struct host_msg *hm); /* REGISTER / UNREGISTER heard */

/* Is it an instance-specific name ("name(window)") of an instance that exists? */
bool names_specific(const struct string *service, host_wnd *mom);
/* The registered name that it stands for in this instance, borrowed; NULL: none. */
struct string *names_base(struct inst *in, const struct string *specific);

/* ---- Monitoring (monitor.c) --------------------------------------------------------------------------- */

/* A callback that has returned. */
struct callback {
    UINT type, fmt;
    uintptr_t conv, hsz1, hsz2, data;
    ULONG_PTR d1, d2;
    uintptr_t result;
};

/* Each of these tells whoever monitors what has happened, and costs next to nothing if nobody does. What a
 * monitor instance does itself is never told. */
void monitor_error(const struct inst *in, UINT error);    /* in NULL: stored in all of the thread    */
void monitor_intruder(void);                              /* HOST_EV_INTRUDER */
void monitor_string(const struct string *s, UINT action); /* MH_ */
void monitor_conv(struct conv *c, bool established);      /* false: nothing unless it was established */
void monitor_link(struct link *l, bool established);      /* the same                             */
void monitor_callback(const struct inst *in, const struct conv *c, const struct callback *cb);
/* A message that this library has not sent itself; c NULL: not for a conversation's window. */
void monitor_received(const struct inst *in, const struct conv *c, enum wire_way way,
                      const struct host_msg *hm);

/* The other side: a monitor instance hears the kinds of its MF_ bits from now on, or nothing when it ends. */
bool monitor_listen(const struct inst *in, DWORD flags);
void monitor_deliver(struct inst *in); /* the next event, by XTYP_MONITOR */

/* ---- Holders (holders.c) ------------------------------------------------------------------------------ */

/* Asks every instance of every process what it holds; returns how many have answered in time. */
DWORD holders_ask(PFNDDEMLHOLDER tell, LPVOID param, DWORD timeout);
void holders_answer(const struct inst *in, host_wnd asker);

#endif
