/* What the broker calls itself. */
#ifndef REF_VERSION_H
#define REF_VERSION_H

#define BROKER_PRODUCT "amqproof reference broker"
#define BROKER_VERSION "0.1.0"

#endif
