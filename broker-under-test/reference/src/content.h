/* The content behind a Publish: a header, then as many bodies as it takes. The ids are
   set to whom a refusal blames: Basic.Publish where there was one. */
#ifndef REF_CONTENT_H
#define REF_CONTENT_H

#include "channel.h"

void content_begin(struct channel *ch, const struct m_basic_publish *m);
struct refusal content_header(struct channel *ch, struct str payload, uint16_t *class_id,
                              uint16_t *method_id);
struct refusal content_body(struct channel *ch, struct str payload, uint16_t *class_id,
                            uint16_t *method_id);
/* A method came where content was due. */
struct refusal content_cut_short(struct channel *ch, uint16_t *class_id, uint16_t *method_id);

#endif
