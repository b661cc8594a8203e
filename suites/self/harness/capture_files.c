/* Capture files: every link type, pcap and pcapng, cut ones, and those that are none. */
#include "suites.h"

#include <stdio.h>
#include <string.h>

#include "capture_kit.h"
#include "fixtures/capture/capture_file.h"

static const char said[] = KIT_OPEN "C 1 queue.declare queue=\"jobs\"\n"
                                    "S 1 queue.declare-ok queue=\"jobs\"\n" KIT_CLOSE;

static void write_relay(const char *path, struct arena *a)
{
    char error[256];
    struct capture_file *f = capture_file_open(path, error, sizeof error);
    struct capture *c = capture_relay(f, kit_client(), kit_server());

    kit_say(c, said, a);
    capture_close(c);
    capture_file_close(f);
}

static size_t read_file(const char *path, char *out, size_t room)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(out, 1, room, f) : 0;

    if (f)
        fclose(f);
    return n;
}

static void write_file(const char *path, const void *octets, size_t n)
{
    FILE *f = fopen(path, "wb");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(octets, 1, n, f), n);
    fclose(f);
}

static void relay_reads_back(void)
{
    struct arena *a = arena_new();
    char *path = kit_file(a), error[256];
    struct trace_list *list;

    write_relay(path, a);
    list = capture_read(path, 5672, a, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    CU_ASSERT_EQUAL_FATAL(list->n, 1);
    CU_ASSERT(str_eq(kit_print(list->at[0], a), kit_print(kit_trace(said, a), a)));
    CU_ASSERT_STRING_EQUAL(list->at[0]->client.p, "127.0.0.1:40000");
    CU_ASSERT_STRING_EQUAL(list->at[0]->server.p, "127.0.0.1:5672");
    list = capture_read(path, 5673, a, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(list);
    CU_ASSERT_EQUAL(list->n, 0);
    CU_ASSERT(list->packets > 20);
    kit_remove(path);
    arena_free(a);
}

/* The octets that stand before an IPv4 packet on each kind of link. */
static const struct {
    int type;
    struct str before;
} links[] = {
    { DLT_EN10MB, { "\0\0\0\0\0\0\0\0\0\0\0\0\x08\0", 14 } },
    { DLT_EN10MB, { "\0\0\0\0\0\0\0\0\0\0\0\0\x81\0\0\x07\x08\0", 18 } },
    { DLT_LINUX_SLL, { "\0\0\x03\x04\0\x06\0\0\0\0\0\0\0\0\x08\0", 16 } },
    { DLT_LINUX_SLL2, { "\x08\0\0\0\0\0\0\x01\x03\x04\0\x06\0\0\0\0\0\0\0\0", 20 } },
    { DLT_NULL, { "\x02\0\0\0", 4 } },
    { DLT_RAW, { "", 0 } },
};

static void dump(const char *path, int type, struct str before, const struct kit_packets *list)
{
    pcap_t *shape = pcap_open_dead(type, 65536);
    pcap_dumper_t *d = pcap_dump_open(shape, path);
    char octets[4096];

    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    for (size_t i = 0; i < list->n; i++) {
        size_t n = before.n + list->at[i].n - 14;
        struct pcap_pkthdr h = { .caplen = (bpf_u_int32)n, .len = (bpf_u_int32)n };

        CU_ASSERT_FATAL(n <= sizeof octets);
        memcpy(octets, before.p, before.n);
        memcpy(octets + before.n, list->at[i].p + 14, list->at[i].n - 14);
        h.ts.tv_sec = (time_t)i;
        pcap_dump((u_char *)d, &h, (u_char *)octets);
    }
    pcap_dump_close(d);
    pcap_close(shape);
}

static void every_link_type(void)
{
    struct arena *a = arena_new();
    struct kit_packets list = { .arena = a };
    char *path = kit_file(a), error[256];
    struct synth s;

    synth_init(&s, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take, &list);
    kit_synth_text(&s, said, a);
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct trace_list *read;

        dump(path, links[i].type, links[i].before, &list);
        read = capture_read(path, 0, a, error, sizeof error);
        CU_ASSERT_PTR_NOT_NULL_FATAL(read);
        CU_ASSERT_EQUAL_FATAL(read->n, 1);
        CU_ASSERT(str_eq(kit_print(read->at[0], a), kit_print(kit_trace(said, a), a)));
    }
    dump(path, DLT_IEEE802_11, S(""), &list);
    CU_ASSERT_PTR_NULL(capture_read(path, 0, a, error, sizeof error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "link type 105"));
    kit_remove(path);
    arena_free(a);
}

/* pcapng by hand: section header, interface description, then a packet a block. */
static void put_le(struct buf *b, uint32_t v)
{
    const uint8_t octets[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16),
                                (uint8_t)(v >> 24) };

    buf_put(b, octets, 4);
}

static void put_block(struct buf *b, uint32_t type, struct str head, struct str data)
{
    uint32_t padding = (uint32_t)(-data.n & 3);
    uint32_t n = 12 + (uint32_t)(head.n + data.n) + padding;

    put_le(b, type);
    put_le(b, n);
    buf_put(b, head.p, head.n);
    buf_put(b, data.p, data.n);
    buf_put(b, "\0\0\0", padding);
    put_le(b, n);
}

static void pcapng(void)
{
    struct arena *a = arena_new();
    struct kit_packets list = { .arena = a };
    char *path = kit_file(a), error[256];
    struct trace_list *read;
    struct synth s;
    struct buf b;

    synth_init(&s, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take, &list);
    kit_synth_text(&s, said, a);
    buf_init(&b, 1 << 20);
    put_block(&b, 0x0a0d0d0a, S("\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"),
              S(""));
    put_block(&b, 1, S("\x01\0\0\0\0\0\x04\0"), S(""));
    for (size_t i = 0; i < list.n; i++) {
        struct buf head;

        buf_init(&head, 64);
        put_le(&head, 0);
        put_le(&head, 0);
        put_le(&head, (uint32_t)i);
        put_le(&head, (uint32_t)list.at[i].n);
        put_le(&head, (uint32_t)list.at[i].n);
        put_block(&b, 6, buf_str(&head), list.at[i]);
        buf_clear(&head);
    }
    write_file(path, b.p, b.n);
    read = capture_read(path, 0, a, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    CU_ASSERT_EQUAL_FATAL(read->n, 1);
    CU_ASSERT(str_eq(kit_print(read->at[0], a), kit_print(kit_trace(said, a), a)));
    buf_clear(&b);
    kit_remove(path);
    arena_free(a);
}

/* Cut at every octet: what is whole is read, and that it is cut is said, except between two
   packets, where nobody can tell. */
static void cut_at_every_octet(void)
{
    static char octets[1 << 16];
    struct arena *a = arena_new();
    char *path = kit_file(a), error[256];
    size_t n, whole = 0, n_refused = 0;

    write_relay(path, a);
    n = read_file(path, octets, sizeof octets);
    CU_ASSERT_FATAL(n > 0 && n < sizeof octets);
    for (size_t i = 0; i <= n; i++) {
        struct arena *once = arena_new();
        struct trace_list *list;

        write_file(path, octets, i);
        error[0] = '\0';
        list = capture_read(path, 0, once, error, sizeof error);
        whole += list && !list->cut;
        n_refused += !list;
        CU_ASSERT(list || error[0]);
        CU_ASSERT(!list || i >= 24);
        arena_free(once);
    }
    CU_ASSERT_EQUAL(n_refused, 24); /* within the file's own header */
    {
        struct trace_list *list = capture_read(path, 0, a, error, sizeof error);

        CU_ASSERT_PTR_NOT_NULL_FATAL(list);
        CU_ASSERT_EQUAL(whole, list->packets + 1);
    }
    kit_remove(path);
    arena_free(a);
}

static void none_at_all(void)
{
    struct arena *a = arena_new();
    char *path = kit_file(a), error[256] = "";

    CU_ASSERT_PTR_NULL(capture_read("/nonexistent.pcap", 0, a, error, sizeof error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "No such file"));
    write_file(path, "this is no capture, but a text that is long enough", 50);
    CU_ASSERT_PTR_NULL(capture_read(path, 0, a, error, sizeof error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "unknown file format"));
    kit_remove(path);
    arena_free(a);
}

/* Two connections between the same ports, one after the other: two traces. */
static void ports_used_again(void)
{
    struct arena *a = arena_new();
    struct kit_packets list = { .arena = a };
    char *path = kit_file(a), error[256];
    struct trace_list *read;

    for (uint32_t i = 0; i < 2; i++) {
        struct synth s;

        synth_init(&s, endpoint_of(kit_client()), endpoint_of(kit_server()), kit_take, &list);
        s.next[0] += i * 100000;
        s.next[1] += i * 100000;
        kit_synth_text(&s, said, a);
    }
    dump(path, DLT_RAW, S(""), &list);
    read = capture_read(path, 0, a, error, sizeof error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(read);
    CU_ASSERT_EQUAL_FATAL(read->n, 2);
    CU_ASSERT(str_eq(kit_print(read->at[0], a), kit_print(read->at[1], a)));
    kit_remove(path);
    arena_free(a);
}

static CU_TestInfo tests[] = {
    { "what the relay writes reads back", relay_reads_back },
    { "every link type", every_link_type },
    { "pcapng", pcapng },
    { "a file cut at every octet", cut_at_every_octet },
    { "files that are no capture", none_at_all },
    { "ports used again", ports_used_again },
    CU_TEST_INFO_NULL,
};
SELF_SUITE(capture_files, tests)
