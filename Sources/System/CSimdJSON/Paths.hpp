// Inside of CSimdJSON: what several files of it share.
#ifndef HEDDLE_CSIMDJSON_PATHS_HPP
#define HEDDLE_CSIMDJSON_PATHS_HPP

#include "CSimdJSON.h"

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle {

// One step of several paths. `children` are kept in the order in which the last document had them, so that the child
// for the next key is nearly always the next one.
struct step {
  std::string key;
  size_t index = 0;
  bool is_index = false;
  std::vector<size_t> positions;
  std::vector<std::unique_ptr<step>> children;

  step *child(std::string_view key, size_t index, bool is_index);
  // The child of the key of a member, which becomes the one after the first `next`; NULL if it is none after those.
  step *member(std::string_view key, size_t &next);
  // The child of an element of a list.
  step *element(size_t index);
};

// What an element of a parsed document is.
heddle_json_value value_of(simdjson::dom::element element);

// The top of the document that was parsed last.
simdjson::dom::element root(const heddle_json *json);

// What a device writes again and again: the text of a document with holes where it has numbers, texts, flags and
// nulls. Another document that differs only in what stands in the holes is JSON of the same build, and nothing but the
// holes has to be looked at.
class Shape {
public:
  // Sets the values of the paths and says whether it could. What it takes, the parser would take and understand the
  // same; it leaves everything to the parser that is not of the shape, or has escapes, or bytes beyond ASCII.
  bool read(const char *bytes, size_t length, heddle_json_value *values, size_t count);
  // Takes the shape of a document that the parser took, as the paths from `top` see it. Many documents in a row that
  // are not of the shape are learned less and less often.
  void learn(const char *bytes, size_t length, step &top);

private:
  struct Hole {
    // Where the value is in the text of the shape, so that what stands between this hole and the next one is known.
    size_t start, end;
    // Of the path that ends here; `SIZE_MAX` for none.
    size_t position;
  };

  bool add(const char *&at, step *wanted);
  bool add_members(const char *&at, step *wanted);
  bool add_elements(const char *&at, step *wanted);
  bool add_scalar(const char *&at, step *wanted);

  std::string text;
  std::vector<Hole> holes;
  // What paths end at objects and lists, or nowhere.
  std::vector<std::pair<size_t, heddle_json_kind>> others;
  // Paths that end where another one does, which has the value.
  std::vector<std::pair<size_t, size_t>> copies;
  // The document that is read, with a NUL behind it. Grows only when a larger one comes.
  std::vector<char> buffer;
  bool is_known = false;
  size_t misses = 0;
};

}  // namespace heddle

struct heddle_json_paths {
  heddle::step top;
  heddle::step *end = &top;
  heddle::Shape shape;
};

#endif
