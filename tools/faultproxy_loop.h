/* The proxy itself: a listener and its connections on one thread, until SIGTERM or SIGINT. */
#ifndef TOOLS_FAULTPROXY_LOOP_H
#define TOOLS_FAULTPROXY_LOOP_H

#include "faultproxy_link.h"

/* False: the kernel refused what a loop needs; errno says why. */
bool proxy_run(const struct proxy_options *o);

#endif
