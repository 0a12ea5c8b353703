// Inside of CSimdJSON: numbers, texts, flags and nulls as they stand in a document that ends with a NUL.
#ifndef HEDDLE_CSIMDJSON_SCALAR_HPP
#define HEDDLE_CSIMDJSON_SCALAR_HPP

#include "CSimdJSON.h"

namespace heddle {

// Reads a value and returns where it ends; NULL where that is none, or one of those that are left to the parser: texts
// with escapes or bytes beyond ASCII, numbers that a `double` or a 64-bit integer cannot hold.
const char *read_scalar(const char *at, heddle_json_value &value);

}  // namespace heddle

#endif
