/* No guard: the three tables in one go. Define EACH_METHOD, EACH_FIELD and EACH_END
   (same parameters as METHOD, FIELD and END there), then include. */
/* clang-format off */
#define METHOD EACH_METHOD
#define FIELD EACH_FIELD
#define END EACH_END
#include "fixtures/spec/amqp091.def"
#define METHOD EACH_METHOD
#define FIELD EACH_FIELD
#define END EACH_END
#include "fixtures/spec/rabbitmq.def"
#define METHOD EACH_METHOD
#define FIELD EACH_FIELD
#define END EACH_END
#include "fixtures/spec/extra.def"
#undef EACH_METHOD
#undef EACH_FIELD
#undef EACH_END
/* clang-format on */
