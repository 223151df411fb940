/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The ddeml authors */

/* The facts that a compiler cannot prove by itself: where bit-fields lie, what texts say. Needs no library;
 * compiled like facts.c under each header, and once more with UNICODE. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#ifdef FACTS_OF_WINE
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#endif

#include <winddeml.h>

static unsigned first_word(const void *object)
{
    uint16_t word;

    memcpy(&word, object, sizeof(word));
    return word;
}

/* The flag word of an object in which one field has all its bits set. */
#define BITS_OF(type, field)                                                                                 \
    do {                                                                                                     \
        memset(&object, 0, sizeof(object));                                                                  \
        object.type.field--;                                                                                 \
        bits = first_word(&object);                                                                          \
    } while (0)

#define ASSERT_BITS(type, field, expected)                                                                   \
    do {                                                                                                     \
        BITS_OF(type, field);                                                                                \
        assert_int_equal(bits, expected);                                                                    \
    } while (0)

static void flags_lie_where_the_protocol_puts_them(void **state)
{
    union {
        DDEACK ack;
        DDEADVISE advise;
        DDEDATA data;
        DDEPOKE poke;
#ifndef FACTS_OF_WINE
        DDELN ln;
        DDEUP up;
#endif
    } object;
    unsigned bits;

    (void)state;
    ASSERT_BITS(ack, bAppReturnCode, DDE_FAPPSTATUS);
    ASSERT_BITS(ack, reserved, 0x3F00);
    ASSERT_BITS(ack, fBusy, DDE_FBUSY);
    ASSERT_BITS(ack, fAck, DDE_FACK);

    ASSERT_BITS(advise, reserved, 0x3FFF);
    ASSERT_BITS(advise, fDeferUpd, DDE_FDEFERUPD);
    ASSERT_BITS(advise, fAckReq, DDE_FACKREQ);

    ASSERT_BITS(data, unused, 0x0FFF);
    ASSERT_BITS(data, fResponse, DDE_FREQUESTED);
    ASSERT_BITS(data, fRelease, DDE_FRELEASE);
    ASSERT_BITS(data, reserved, 0x4000);
    ASSERT_BITS(data, fAckReq, DDE_FACKREQ);

    ASSERT_BITS(poke, unused, 0x1FFF);
    ASSERT_BITS(poke, fRelease, DDE_FRELEASE);
    ASSERT_BITS(poke, fReserved, 0xC000);

#ifndef FACTS_OF_WINE
    ASSERT_BITS(ln, unused, 0x1FFF);
    ASSERT_BITS(ln, fRelease, 0x2000);
    ASSERT_BITS(ln, fDeferUpd, 0x4000);
    ASSERT_BITS(ln, fAckReq, 0x8000);

    ASSERT_BITS(up, unused, 0x0FFF);
    ASSERT_BITS(up, fAck, 0x1000);
    ASSERT_BITS(up, fRelease, 0x2000);
    ASSERT_BITS(up, fReserved, 0x4000);
    ASSERT_BITS(up, fAckReq, 0x8000);
#endif
}

static void assert_text(const TCHAR *text, const char *expected)
{
    size_t i = 0;

    do {
        assert_int_equal(text[i], expected[i]);
    } while (expected[i++] != '\0');
}

static void system_topic_texts_are_as_documented(void **state)
{
    (void)state;
    assert_text(SZDDESYS_TOPIC, "System");
    assert_text(SZDDESYS_ITEM_TOPICS, "Topics");
    assert_text(SZDDESYS_ITEM_SYSITEMS, "SysItems");
    assert_text(SZDDESYS_ITEM_RTNMSG, "ReturnMessage");
    assert_text(SZDDESYS_ITEM_STATUS, "Status");
    assert_text(SZDDESYS_ITEM_FORMATS, "Formats");
    assert_text(SZDDESYS_ITEM_HELP, "Help");
    assert_text(SZDDE_ITEM_ITEMLIST, "TopicItemList");
}

static void block_is_minus_one_in_the_width_of_a_pointer(void **state)
{
    (void)state;
    assert_true((UINT_PTR)CBR_BLOCK == (UINT_PTR)-1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_lie_where_the_protocol_puts_them),
        cmocka_unit_test(system_topic_texts_are_as_documented),
        cmocka_unit_test(block_is_minus_one_in_the_width_of_a_pointer),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
