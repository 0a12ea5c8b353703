#include "Paths.hpp"

#include <new>

namespace dom = simdjson::dom;
using heddle::step;

namespace heddle {

step *step::child(std::string_view key, size_t index, bool is_index) {
  for (auto &known : children) {
    if (known->is_index == is_index && known->key == key) return known.get();
  }
  auto made = std::make_unique<step>();
  made->key = key;
  made->index = index;
  made->is_index = is_index;
  children.push_back(std::move(made));
  return children.back().get();
}

step *step::member(std::string_view key, size_t &next) {
  for (size_t candidate = next; candidate < children.size(); candidate++) {
    if (children[candidate]->key != key) continue;
    if (candidate != next) std::swap(children[candidate], children[next]);
    return children[next++].get();
  }
  return nullptr;
}

step *step::element(size_t index) {
  for (auto &child : children) {
    if (child->is_index && child->index == index) return child.get();
  }
  return nullptr;
}

}  // namespace heddle

namespace {

void pick(dom::element element, step &from, heddle_json_value *values, size_t count) {
  for (size_t position : from.positions) {
    if (position < count) values[position] = heddle::value_of(element);
  }
  auto &children = from.children;
  if (children.empty()) return;
  dom::object object;
  if (!element.get_object().get(object)) {
    size_t next = 0;
    for (auto field = object.begin(); field != object.end() && next < children.size(); ++field) {
      if (step *child = from.member(field.key(), next)) pick(field.value(), *child, values, count);
    }
    return;
  }
  dom::array array;
  if (element.get_array().get(array)) return;
  for (auto &child : children) {
    dom::element found;
    if (child->is_index && !array.at(child->index).get(found)) pick(found, *child, values, count);
  }
}

void set_nothing(heddle_json_value *values, size_t count) {
  for (size_t position = 0; position < count; position++) values[position].kind = HEDDLE_JSON_NOTHING;
}

}  // namespace

extern "C" heddle_json_paths *heddle_json_paths_new(void) { return new (std::nothrow) heddle_json_paths; }

extern "C" void heddle_json_paths_free(heddle_json_paths *paths) { delete paths; }

extern "C" bool heddle_json_paths_key(heddle_json_paths *paths, const char *key, size_t length) {
  try {
    paths->end = paths->end->child(std::string_view(key, length), 0, false);
    return true;
  } catch (...) {
    return false;
  }
}

extern "C" bool heddle_json_paths_index(heddle_json_paths *paths, size_t index) {
  try {
    paths->end = paths->end->child(std::to_string(index), index, true);
    return true;
  } catch (...) {
    return false;
  }
}

extern "C" bool heddle_json_paths_end(heddle_json_paths *paths, size_t position) {
  try {
    paths->end->positions.push_back(position);
    paths->end = &paths->top;
    return true;
  } catch (...) {
    return false;
  }
}

extern "C" bool heddle_json_pick(
    heddle_json *json, const char *bytes, size_t length, heddle_json_paths *paths, heddle_json_value *values,
    size_t count, size_t *error_offset) {
  bool is_parsed = false;
  *error_offset = 0;
  set_nothing(values, count);
  try {
    if (paths->shape.read(bytes, length, values, count)) return true;
    set_nothing(values, count);
    is_parsed = heddle_json_parse(json, bytes, length, error_offset);
    if (!is_parsed) return false;
    pick(heddle::root(json), paths->top, values, count);
    paths->shape.learn(bytes, length, paths->top);
  } catch (...) {
    // There was no memory, or an accessor's error was not asked for; what was found so far stands.
  }
  return is_parsed;
}
