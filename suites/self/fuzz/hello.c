#include "hello.h"

#include <assert.h>
#include <string.h>

#include "broker-under-test/reference/src/codec.h"

enum { IOVECS = 16 };

static char hello[2][512]; /* without capabilities, and with all */
static size_t hello_n[2];

static struct str capabilities(char *room, size_t size)
{
    static const char *const all[] = { "consumer_cancel_notify", "authentication_failure_close",
                                       "connection.blocked" };
    char *at = room;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t n = strlen(all[i]);

        assert((size_t)(at - room) + n + 3 <= size);
        put_uint(at, n, 1);
        memcpy(at + 1, all[i], n);
        memcpy(at + 1 + n, "t\1", 2);
        at += n + 3;
    }
    return (struct str){ room, (size_t)(at - room) };
}

static struct str client_properties(char *room, size_t size)
{
    static const char name[] = "\14capabilitiesF";
    char inner[128];
    struct str c = capabilities(inner, sizeof inner);
    size_t head = sizeof name - 1;

    assert(head + 4 + c.n <= size);
    memcpy(room, name, head);
    put_uint(room + head, c.n, 4);
    memcpy(room + head + 4, c.p, c.n);
    return (struct str){ room, head + 4 + c.n };
}

#define SAY(channel, method, ...) send_##method(&o, channel, &(struct m_##method){ __VA_ARGS__ })

static void write_hello(size_t which)
{
    char room[256];
    struct str about = which ? client_properties(room, sizeof room) : STR("");
    struct iovec iov[IOVECS];
    struct out o;

    out_init(&o);
    memcpy(out_reserve(&o, 8), "AMQP\0\0\11\1", 8);
    SAY(0, connection_start_ok, .client_properties = about, .mechanism = STR("PLAIN"),
        .response = STR("\0guest\0guest"), .locale = STR("en_US"));
    SAY(0, connection_tune_ok, .channel_max = 200, .frame_max = 4096, .heartbeat = 2);
    SAY(0, connection_open, .virtual_host = STR("/"));
    SAY(1, channel_open, .no_field = 0);
    for (size_t i = 0, count = out_iov(&o, iov, IOVECS, 0); i < count; i++) {
        assert(hello_n[which] + iov[i].iov_len <= sizeof hello[which]);
        memcpy(hello[which] + hello_n[which], iov[i].iov_base, iov[i].iov_len);
        hello_n[which] += iov[i].iov_len;
    }
    out_clear(&o);
}

struct str hello_octets(bool capable)
{
    if (!hello_n[capable])
        write_hello(capable);
    return (struct str){ hello[capable], hello_n[capable] };
}
