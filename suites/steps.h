/* Steps that several chapters share: the handshake one method at a time, the witness beside
   a case that misbehaves, and the octets of well-formed frames for cases that spoil them.
   Include after case.h; owns nothing, everything lives in the case's arena. */
#ifndef SUITES_STEPS_H
#define SUITES_STEPS_H

#include "fixtures/harness/case.h"

/* A frame-max that is soon exceeded, for cases that are about something else: some brokers take
   none below it. That 4096 has to be taken is what connection/frame_max_of_4096 proves. */
enum { SMALL_FRAMES = 8192 };

/* An ordinary connection that must notice nothing of what happens to the one under test. It
   also tells how this run logs in: its own Start-Ok, Open and Tune are read from the capture. */
struct witness {
    struct peer *c;
    struct str mechanism, response, vhost;
    struct m_connection_tune offer;
};
struct witness witness(struct t *t);
/* It still works, and a new connection can be made. */
void undisturbed(struct t *t, const struct witness *w);
/* A queue of this name does not exist: what was refused left no trace. */
void never_declared(struct t *t, const struct witness *w, struct str queue);

struct peer *up_to_start(struct t *t);
struct peer *up_to_tune(struct t *t, const struct witness *w);
/* Tune-Ok with these limits was said: Open is next. */
struct peer *up_to_open(struct t *t, const struct witness *w, struct m_connection_tune_ok limits);
/* Open-Ok, and channel 1. */
void on_to_channel(struct t *t, struct peer *c, const struct witness *w);
/* Tune-Ok that takes what was offered, without heartbeats. */
struct m_connection_tune_ok as_offered(const struct witness *w);

/* Faults before Open-Ok (errata 14) end the stream and nothing is said; a Connection.Close is
   the other reading. The same for octets that are no frame (errata 13), at any time. */
#define ENDS_SILENTLY(c)  t_ends_silently(HERE, c, false)
#define ENDS_UNDECODED(c) t_ends_silently(HERE, c, true)
void t_ends_silently(struct t *t, int line, struct peer *c, bool undecoded);

/* Where the text leaves a choice: NULL, and the connection was closed with one of these codes (or
   without a word, if END_OF_STREAM is among them); or the arguments of this method, the first
   thing that came on any channel. */
#define SERVED(c, method, ...)                                                                     \
    ((const struct m_##method *)t_served(                                                          \
        t, __LINE__, c, M_##method, (const uint64_t[]){ __VA_ARGS__ },                             \
        sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t)))
enum { END_OF_STREAM = 0 };
const void *t_served(struct t *t, int line, struct peer *c, enum method_id id,
                     const uint64_t *codes, size_t n);

/* Why there was no TLS: because the server ended the handshake, by an alert or the stream's end;
   not because nothing came, or our own library did not want to. */
bool handshake_refused(const char *why);

/* A well-formed frame, and the payload in it. */
#define OCTETS_OF(channel, method, ...)                                                            \
    frame_octets(t, channel, M_##method, &(struct m_##method){ .end_ = 0, ##__VA_ARGS__ })
#define PAYLOAD_OF(method, ...) payload_of(OCTETS_OF(1, method, ##__VA_ARGS__))
struct str frame_octets(struct t *t, uint16_t channel, enum method_id id, const void *args);
struct str payload_of(struct str frame);
struct str glued(struct t *t, struct str a, struct str b);
struct str first_octets(struct str s, size_t n);
struct str repeated(struct t *t, char octet, size_t n);

/* Deliveries that arrive on channel 1 before a passive declare of the queue is answered. */
unsigned deliveries_now(struct t *t, struct peer *c, struct str queue);

/* Reads the confirms of channel 1 until the publishes first … last are settled: in any order, alone
   or several at once, none twice. Basic.Ack only. */
void await_confirms(struct t *t, struct peer *c, uint64_t first, uint64_t last);

/* Did connection.start announce this capability as true? */
bool announced(struct t *t, struct peer *c, struct str capability);

/* Messages "first" … "last" by channel 1 to a queue; and their deliveries, under tags that are the
   same numbers. */
void publish_numbers(struct t *t, struct peer *c, struct str q, int first, int last);
void numbers_delivered(struct t *t, struct peer *c, uint16_t channel, int first, int last);

/* Where the text allows an acceptance and a refusal: true if the next frame on channel 1 is `ok`;
   false if it closes the channel or the connection with one of the codes (0: none), which is
   answered. The channel is open again after its refusal; after the connection's the stream has
   ended. */
struct either {
    enum method_id ok;
    uint16_t channel_code, connection_code;
};
enum answer { ACCEPTED, CHANNEL_REFUSED, CONNECTION_REFUSED };
enum answer either(struct t *t, struct peer *c, struct either fair);

#endif
