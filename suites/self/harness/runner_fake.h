/* A broker of a hundred lines, and its adapter: enough of AMQP to open, declare and close, and
   able to die or fall silent on request. For the runner's own tests.

   `selftest-harness fake-broker VERB` with AMQPROOF_PORT and AMQPROOF_DATA is the adapter.
   What a queue.declare asks for is the end of the queue's name:
     die       the process exits
     together  the same, as soon as somebody waits
     hang      nobody gets any answer from now on
     wait      this one declare is never answered
   Files in AMQPROOF_DATA: `verbs` lists what the adapter was called for; with `no-return` there
   it does not start a second time, nor is a partition healed; with `cluster` it is one: of that,
   too, `verbs` has everything, an argument right behind its verb. */
#ifndef SELF_HARNESS_RUNNER_FAKE_H
#define SELF_HARNESS_RUNNER_FAKE_H

int fake_adapter_main(const char *verb, const char *argument);

#endif
