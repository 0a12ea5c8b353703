// JSON documents through simdjson (https://github.com/simdjson/simdjson, Apache-2.0), for Swift.
//
// A parser holds one parsed document and a cursor into it. No function throws, whatever the bytes are.
#ifndef HEDDLE_CSIMDJSON_H
#define HEDDLE_CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct heddle_json heddle_json;

/// What the cursor stands on.
enum heddle_json_kind {
  HEDDLE_JSON_NULL = 0,
  HEDDLE_JSON_FLAG = 1,
  HEDDLE_JSON_NUMBER = 2,
  HEDDLE_JSON_TEXT = 3,
  HEDDLE_JSON_OBJECT = 4,
  HEDDLE_JSON_ARRAY = 5,
  /// The document has no such place.
  HEDDLE_JSON_NOTHING = 6,
};

/// A value as it stands in the document. `text` is not terminated by NUL and lives until the next parse.
typedef struct {
  enum heddle_json_kind kind;
  bool flag;
  double number;
  const char *text;
  size_t text_length;
} heddle_json_value;

/// NULL when there is no memory.
heddle_json *heddle_json_new(size_t max_bytes, size_t max_depth);
void heddle_json_free(heddle_json *json);

/// Returns whether the bytes are JSON; if not, `error_offset` says where the reader gave up.
bool heddle_json_parse(heddle_json *json, const char *bytes, size_t length, size_t *error_offset);

/// Puts the cursor on the top of the document.
void heddle_json_rewind(heddle_json *json);
/// Moves the cursor; `false` (and the cursor stays) if there is no such child.
bool heddle_json_enter_key(heddle_json *json, const char *key, size_t length);
/// An element of an array; in an object the key that is spelled like the index.
bool heddle_json_enter_index(heddle_json *json, size_t index);
/// The first element of an array that is an object with this text (or number, or flag) under the key.
bool heddle_json_enter_element(
    heddle_json *json, const char *key, size_t key_length, const char *value, size_t value_length);
/// Elements of an array or members of an object; 0 for everything else.
size_t heddle_json_child_count(const heddle_json *json);
/// The element or member of that number.
bool heddle_json_enter_child(heddle_json *json, size_t index);
/// Remembers where the cursor stands; `false` when there is no memory.
bool heddle_json_push(heddle_json *json);
/// Goes back to where the cursor stood at the last `push`.
void heddle_json_pop(heddle_json *json);
/// What the cursor stands on.
heddle_json_value heddle_json_current(const heddle_json *json);

/// Paths of keys and indices that are looked for together.
typedef struct heddle_json_paths heddle_json_paths;

/// NULL when there is no memory.
heddle_json_paths *heddle_json_paths_new(void);
void heddle_json_paths_free(heddle_json_paths *paths);
/// One step further down the path that is being added; `false` when there is no memory.
bool heddle_json_paths_key(heddle_json_paths *paths, const char *key, size_t length);
/// An element of an array; in an object the key that is spelled like the index.
bool heddle_json_paths_index(heddle_json_paths *paths, size_t index);
/// The path ends here; what stands there becomes the value of that position. The next path begins at the top.
bool heddle_json_paths_end(heddle_json_paths *paths, size_t position);
/// Reads a document for these paths alone: sets `count` values to what it has at them, of equal keys the first;
/// `HEDDLE_JSON_NOTHING` where it has nothing. Returns whether the bytes are JSON, as `heddle_json_parse` does; where
/// the cursor stands afterwards is not said. Not for concurrent use with the same paths: they learn the order of the
/// keys.
bool heddle_json_pick(
    heddle_json *json, const char *bytes, size_t length, heddle_json_paths *paths, heddle_json_value *values,
    size_t count, size_t *error_offset);

#ifdef __cplusplus
}
#endif

#endif
