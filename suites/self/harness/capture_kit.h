/* What the tests of captures and invariants stand on: conversations written in frame notation,
   their packets, their traces, and a trace as text again. */
#ifndef SELF_HARNESS_CAPTURE_KIT_H
#define SELF_HARNESS_CAPTURE_KIT_H

#include "fixtures/capture/capture.h"
#include "fixtures/capture/flow.h"
#include "fixtures/capture/synth.h"

/* From the header to an open channel 1; frame-max 4096, channel-max 2. */
#define KIT_OPEN                                                                                   \
    "C - protocol-header \"AMQP\\x00\\x00\\x09\\x01\"\n"                                           \
    "S 0 connection.start version-minor=9 mechanisms=\"PLAIN\" locales=\"en_US\"\n"                \
    "C 0 connection.start-ok mechanism=\"PLAIN\" response=\"\\x00g\\x00g\" locale=\"en_US\"\n"     \
    "S 0 connection.tune channel-max=2 frame-max=4096\n"                                           \
    "C 0 connection.tune-ok channel-max=2 frame-max=4096\n"                                        \
    "C 0 connection.open virtual-host=\"/\"\n"                                                     \
    "S 0 connection.open-ok\n"                                                                     \
    "C 1 channel.open\n"                                                                           \
    "S 1 channel.open-ok\n"
#define KIT_CLOSE                                                                                  \
    "C 0 connection.close reply-code=200 reply-text=\"bye\"\n"                                     \
    "S 0 connection.close-ok\n"                                                                    \
    "S - close fin\n"                                                                              \
    "C - close fin\n"

/* The endpoints of every conversation here. */
struct sockaddr *kit_client(void);
struct sockaddr *kit_server(void);

/* Each line is said in turn into a relay; ends the program on a line that does not parse. */
void kit_say(struct capture *c, const char *text, struct arena *a);
struct trace *kit_trace(const char *text, struct arena *a);

/* One event a line, without packet numbers and times. */
struct str kit_print(const struct trace *t, struct arena *a);

/* The packets of a conversation, and a trace from any list of packets, numbered as they come. */
struct kit_packets {
    struct str *at;
    size_t n, room;
    struct arena *arena;
};
void kit_take(void *packets, struct str packet); /* for synth_init */
void kit_synth_text(struct synth *s, const char *text, struct arena *a);
struct trace *kit_flow_trace(const struct kit_packets *p, struct arena *a);

/* A file in a new folder under TMPDIR; kit_remove takes both away. */
char *kit_file(struct arena *a);
void kit_remove(const char *file);
/* The conversation as a capture file. */
void kit_record(const char *path, const char *text, struct arena *a);
/* A program that is built beside us, and its arguments: stdout and stderr together, in the arena;
   returns the exit status. */
int kit_run(const char *program, const char *args, struct str *out, struct arena *a);

#endif
