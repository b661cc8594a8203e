/* A broker of a hundred lines for the tests of the case language. It keeps no queue: the name
   that a queue.declare carries says what becomes of it, so that each case can choose. */
#ifndef SELF_CASE_FAKE_H
#define SELF_CASE_FAKE_H

/* For server_start. What the last part of a queue's name brings about:
     missing   channel.close 404        inequivalent  channel.close 406
     hard      connection.close 530     silent        no answer
     hangup    FIN                      reset         RST
     cancelled basic.cancel of the consumer before delete-ok
     padded    declare-ok on a frame with a bad end octet
     bulky     a body of five octets in three frames
   Anything else is declared, holds no message, and gives one of "hello" to who gets from "full". */
void fake_broker(int fd);

#endif
