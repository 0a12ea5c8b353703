#include "Paths.hpp"

#include <cstdio>
#include <cstdlib>
#include <new>

namespace dom = simdjson::dom;

struct heddle_json {
  dom::parser parser;
  dom::element root;
  dom::element cursor;
  std::vector<dom::element> marks;
  size_t max_depth;
  bool parsed = false;

  heddle_json(size_t max_bytes, size_t max_depth) : parser(max_bytes), max_depth(max_depth) {}
};

namespace {

// The DOM parser does not say where it gave up, so after a failure the document is walked again, on demand, as far as
// it goes. This runs for broken payloads only. `place` is the last value that was begun.
bool walk(simdjson::ondemand::value value, size_t depth, const char *&place) {
  place = value.raw_json_token().data();
  if (depth == 0) return false;
  simdjson::ondemand::json_type type;
  if (value.type().get(type)) return false;
  switch (type) {
  case simdjson::ondemand::json_type::object: {
    simdjson::ondemand::object object;
    if (value.get_object().get(object)) return false;
    for (auto field : object) {
      simdjson::ondemand::value child;
      if (field.value().get(child) || !walk(child, depth - 1, place)) return false;
    }
    return true;
  }
  case simdjson::ondemand::json_type::array: {
    simdjson::ondemand::array array;
    if (value.get_array().get(array)) return false;
    for (auto element : array) {
      simdjson::ondemand::value child;
      if (element.get(child) || !walk(child, depth - 1, place)) return false;
    }
    return true;
  }
  case simdjson::ondemand::json_type::number: {
    double number;
    return !value.get_double().get(number);
  }
  case simdjson::ondemand::json_type::string: {
    std::string_view text;
    return !value.get_string().get(text);
  }
  case simdjson::ondemand::json_type::boolean: {
    bool flag;
    return !value.get_bool().get(flag);
  }
  default: {
    bool null;
    return !value.is_null().get(null) && null;
  }
  }
}

size_t find_error(const char *bytes, size_t length, size_t max_depth) {
  simdjson::padded_string copy(bytes, length);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  if (parser.iterate(copy).get(document)) return 0;
  simdjson::ondemand::value root;
  const char *begun = copy.data();
  if (document.get_value().get(root)) return 0;
  bool whole = false;
  try {
    whole = walk(root, max_depth, begun);
  } catch (const simdjson::simdjson_error &) {
    // An iterator met the error; the last value that was begun is before it.
  }
  const char *place = nullptr;
  if (document.current_location().get(place) || place < copy.data()) place = whole ? copy.data() + length : begun;
  if (!whole && place < begun) place = begun;
  size_t offset = static_cast<size_t>(place - copy.data());
  return offset < length ? offset : length;
}

bool spells(dom::element element, std::string_view wanted) {
  std::string_view text;
  if (!element.get_string().get(text)) return text == wanted;
  bool flag;
  if (!element.get_bool().get(flag)) return wanted == (flag ? "true" : "false");
  double number;
  if (element.get_double().get(number)) return false;
  std::string copy(wanted);
  char *end = nullptr;
  double expected = std::strtod(copy.c_str(), &end);
  return !copy.empty() && end == copy.c_str() + copy.size() && expected == number;
}

}  // namespace

extern "C" heddle_json *heddle_json_new(size_t max_bytes, size_t max_depth) {
  try {
    return new (std::nothrow) heddle_json(max_bytes, max_depth);
  } catch (...) {
    return nullptr;
  }
}

extern "C" void heddle_json_free(heddle_json *json) { delete json; }

extern "C" bool heddle_json_parse(heddle_json *json, const char *bytes, size_t length, size_t *error_offset) {
  json->parsed = false;
  *error_offset = 0;
  try {
    // Memory for the document is kept from one parse to the next and grows only when a larger one comes.
    if (json->parser.capacity() < length || json->parser.max_depth() != json->max_depth) {
      size_t capacity = length < 1024 ? 1024 : length;
      if (json->parser.allocate(capacity, json->max_depth)) return false;
    }
    if (!json->parser.parse(bytes, length, true).get(json->root)) {
      json->cursor = json->root;
      json->parsed = true;
      return true;
    }
    *error_offset = find_error(bytes, length, json->max_depth);
  } catch (...) {
  }
  return false;
}

extern "C" void heddle_json_rewind(heddle_json *json) {
  if (json->parsed) json->cursor = json->root;
  json->marks.clear();
}

extern "C" bool heddle_json_enter_key(heddle_json *json, const char *key, size_t length) {
  if (!json->parsed) return false;
  try {
    dom::object object;
    if (json->cursor.get_object().get(object)) return false;
    dom::element child;
    if (object.at_key(std::string_view(key, length)).get(child)) return false;
    json->cursor = child;
    return true;
  } catch (...) {
    return false;
  }
}

extern "C" bool heddle_json_enter_index(heddle_json *json, size_t index) {
  if (!json->parsed) return false;
  try {
    dom::array array;
    if (!json->cursor.get_array().get(array)) {
      dom::element child;
      if (array.at(index).get(child)) return false;
      json->cursor = child;
      return true;
    }
    char spelled[24];
    int length = std::snprintf(spelled, sizeof spelled, "%zu", index);
    return length > 0 && heddle_json_enter_key(json, spelled, static_cast<size_t>(length));
  } catch (...) {
    return false;
  }
}

extern "C" bool heddle_json_enter_element(
    heddle_json *json, const char *key, size_t key_length, const char *value, size_t value_length) {
  if (!json->parsed) return false;
  try {
    dom::array array;
    if (json->cursor.get_array().get(array)) return false;
    for (dom::element candidate : array) {
      dom::object object;
      dom::element named;
      if (candidate.get_object().get(object)) continue;
      if (object.at_key(std::string_view(key, key_length)).get(named)) continue;
      if (!spells(named, std::string_view(value, value_length))) continue;
      json->cursor = candidate;
      return true;
    }
  } catch (...) {
  }
  return false;
}

extern "C" size_t heddle_json_child_count(const heddle_json *json) {
  if (!json->parsed) return 0;
  try {
    dom::array array;
    if (!json->cursor.get_array().get(array)) return array.size();
    dom::object object;
    if (!json->cursor.get_object().get(object)) return object.size();
  } catch (...) {
  }
  return 0;
}

extern "C" bool heddle_json_enter_child(heddle_json *json, size_t index) {
  if (!json->parsed) return false;
  try {
    dom::array array;
    if (!json->cursor.get_array().get(array)) {
      dom::element child;
      if (array.at(index).get(child)) return false;
      json->cursor = child;
      return true;
    }
    dom::object object;
    if (json->cursor.get_object().get(object)) return false;
    for (auto field : object) {
      if (index-- > 0) continue;
      json->cursor = field.value;
      return true;
    }
  } catch (...) {
  }
  return false;
}

extern "C" bool heddle_json_push(heddle_json *json) {
  try {
    json->marks.push_back(json->cursor);
    return true;
  } catch (...) {
    return false;
  }
}

extern "C" void heddle_json_pop(heddle_json *json) {
  if (json->marks.empty()) return;
  json->cursor = json->marks.back();
  json->marks.pop_back();
}

namespace heddle {

heddle_json_value value_of(dom::element element) {
  heddle_json_value result = {HEDDLE_JSON_NULL, false, 0, nullptr, 0};
  switch (element.type()) {
  case dom::element_type::OBJECT: result.kind = HEDDLE_JSON_OBJECT; break;
  case dom::element_type::ARRAY: result.kind = HEDDLE_JSON_ARRAY; break;
  case dom::element_type::NULL_VALUE: break;
  case dom::element_type::BOOL:
    if (!element.get_bool().get(result.flag)) result.kind = HEDDLE_JSON_FLAG;
    break;
  case dom::element_type::STRING: {
    std::string_view text;
    if (element.get_string().get(text)) break;
    result.kind = HEDDLE_JSON_TEXT;
    result.text = text.data();
    result.text_length = text.size();
    break;
  }
  default:
    if (!element.get_double().get(result.number)) result.kind = HEDDLE_JSON_NUMBER;
  }
  return result;
}

dom::element root(const heddle_json *json) { return json->root; }

}  // namespace heddle

extern "C" heddle_json_value heddle_json_current(const heddle_json *json) {
  heddle_json_value nothing = {HEDDLE_JSON_NULL, false, 0, nullptr, 0};
  if (!json->parsed) return nothing;
  try {
    return heddle::value_of(json->cursor);
  } catch (...) {
    return nothing;
  }
}
