/* Which method is legal in which state, and who handles it. One line a method; what is
   not here is no method of a client. Prototypes follow from the lists. */
#ifndef REF_HANDLERS_H
#define REF_HANDLERS_H

#include "conn.h"

/* clang-format off */
#define CONNECTION_METHODS(ON) \
    ON(connection_start_ok,      CONN_STARTING,                 on_connection_start_ok) \
    ON(connection_secure_ok,     CONN_SECURING,                 on_connection_secure_ok) \
    ON(connection_tune_ok,       CONN_TUNING,                   on_connection_tune_ok) \
    ON(connection_open,          CONN_OPENING,                  on_connection_open) \
    ON(connection_update_secret, CONN_OPEN,                     on_connection_update_secret) \
    ON(connection_close,         CONN_STARTING | CONN_SECURING | CONN_TUNING | CONN_OPENING | \
                                 CONN_OPEN | CONN_CLOSING,      on_connection_close) \
    ON(connection_close_ok,      CONN_CLOSING,                  on_connection_close_ok)

#define CHANNEL_METHODS(ON) \
    ON(channel_open,             CH_CLOSED,                     on_channel_open) \
    ON(channel_flow,             CH_OPEN,                       on_channel_flow) \
    ON(channel_flow_ok,          CH_OPEN,                       on_channel_flow_ok) \
    ON(channel_close,            CH_OPEN | CH_CLOSING,          on_channel_close) \
    ON(channel_close_ok,         CH_CLOSING,                    on_channel_close_ok) \
    ON(exchange_declare,         CH_OPEN,                       on_exchange_declare) \
    ON(exchange_delete,          CH_OPEN,                       on_exchange_delete) \
    ON(exchange_bind,            CH_OPEN,                       on_exchange_bind) \
    ON(exchange_unbind,          CH_OPEN,                       on_exchange_unbind) \
    ON(queue_declare,            CH_OPEN,                       on_queue_declare) \
    ON(queue_bind,               CH_OPEN,                       on_queue_bind) \
    ON(queue_unbind,             CH_OPEN,                       on_queue_unbind) \
    ON(queue_purge,              CH_OPEN,                       on_queue_purge) \
    ON(queue_delete,             CH_OPEN,                       on_queue_delete) \
    ON(basic_qos,                CH_OPEN,                       on_basic_qos) \
    ON(basic_consume,            CH_OPEN,                       on_basic_consume) \
    ON(basic_cancel,             CH_OPEN,                       on_basic_cancel) \
    ON(basic_cancel_ok,          CH_OPEN,                       on_basic_cancel_ok) \
    ON(basic_publish,            CH_OPEN,                       on_basic_publish) \
    ON(basic_get,                CH_OPEN,                       on_basic_get) \
    ON(basic_ack,                CH_OPEN,                       on_basic_ack) \
    ON(basic_nack,               CH_OPEN,                       on_basic_nack) \
    ON(basic_reject,             CH_OPEN,                       on_basic_reject) \
    ON(basic_recover,            CH_OPEN,                       on_basic_recover) \
    ON(basic_recover_async,      CH_OPEN,                       on_basic_recover_async) \
    ON(confirm_select,           CH_OPEN,                       on_confirm_select) \
    ON(tx_select,                CH_OPEN,                       on_tx_select) \
    ON(tx_commit,                CH_OPEN,                       on_tx_commit) \
    ON(tx_rollback,              CH_OPEN,                       on_tx_rollback)

#define ON(method, states, handler) \
    struct refusal handler(struct conn *c, const struct m_##method *m);
CONNECTION_METHODS(ON)
#undef ON
#define ON(method, states, handler) \
    struct refusal handler(struct channel *ch, const struct m_##method *m);
CHANNEL_METHODS(ON)
#undef ON
/* clang-format on */

#endif
