#include <cstring>

#include "Paths.hpp"
#include "Scalar.hpp"

namespace heddle {
namespace {

// A shape of a longer document would not be worth its memory.
constexpr size_t max_bytes = 16384;

const char *skip_blanks(const char *at) {
  while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') at++;
  return at;
}

// The quote at the end of a text in a document that is valid.
const char *end_of_text(const char *at) {
  while (*at != '"') at += *at == '\\' ? 2 : 1;
  return at;
}

const char *end_of_word(const char *at) {
  while (*at != ',' && *at != '}' && *at != ']' && *at != '\0' && skip_blanks(at) == at) at++;
  return at;
}

}  // namespace

bool Shape::read(const char *bytes, size_t length, heddle_json_value *values, size_t count) {
  if (!is_known || length == 0) return false;
  if (buffer.size() <= length) buffer.resize(length + 1);
  std::memcpy(buffer.data(), bytes, length);
  buffer[length] = '\0';
  const char *at = buffer.data(), *end = at + length;
  size_t from = 0;
  heddle_json_value unwanted;
  for (const Hole &hole : holes) {
    size_t size = hole.start - from;
    if (size > static_cast<size_t>(end - at) || std::memcmp(at, text.data() + from, size) != 0) return false;
    at = read_scalar(at + size, hole.position < count ? values[hole.position] : unwanted);
    if (!at) return false;
    from = hole.end;
  }
  size_t size = text.size() - from;
  if (size != static_cast<size_t>(end - at) || std::memcmp(at, text.data() + from, size) != 0) return false;
  for (auto &[position, kind] : others) {
    if (position < count) values[position].kind = kind;
  }
  for (auto &[position, original] : copies) {
    if (position < count && original < count) values[position] = values[original];
  }
  if (misses > 0) misses--;
  return true;
}

void Shape::learn(const char *bytes, size_t length, step &top) {
  misses++;
  if ((misses & (misses - 1)) != 0 || length > max_bytes) return;
  is_known = false;
  text.assign(bytes, length);
  holes.clear();
  others.clear();
  copies.clear();
  const char *at = text.c_str();
  is_known = add(at, &top);
}

bool Shape::add(const char *&at, step *wanted) {
  at = skip_blanks(at);
  if (*at != '{' && *at != '[') return add_scalar(at, wanted);
  bool is_object = *at++ == '{';
  if (wanted) {
    for (size_t position : wanted->positions) {
      others.emplace_back(position, is_object ? HEDDLE_JSON_OBJECT : HEDDLE_JSON_ARRAY);
    }
  }
  return is_object ? add_members(at, wanted) : add_elements(at, wanted);
}

bool Shape::add_members(const char *&at, step *wanted) {
  for (size_t next = 0;;) {
    at = skip_blanks(at);
    if (*at == '}') {
      at++;
      return true;
    }
    if (*at == ',') at = skip_blanks(at + 1);
    at++;
    std::string_view key(at, static_cast<size_t>(end_of_text(at) - at));
    // Which path a key with escapes belongs to, the parser knows.
    if (wanted && key.find('\\') != std::string_view::npos) return false;
    at = skip_blanks(key.data() + key.size() + 1) + 1;
    if (!add(at, wanted ? wanted->member(key, next) : nullptr)) return false;
  }
}

bool Shape::add_elements(const char *&at, step *wanted) {
  for (size_t index = 0;; index++) {
    at = skip_blanks(at);
    if (*at == ']') {
      at++;
      return true;
    }
    if (*at == ',') at++;
    if (!add(at, wanted ? wanted->element(index) : nullptr)) return false;
  }
}

// A value that only the parser reads must always be the same one in a document of this shape, and no path may want it.
bool Shape::add_scalar(const char *&at, step *wanted) {
  const char *start = at;
  at = *start == '"' ? end_of_text(start + 1) + 1 : end_of_word(start);
  bool is_wanted = wanted && !wanted->positions.empty();
  heddle_json_value value;
  if (read_scalar(start, value) != at) return !is_wanted;
  size_t position = is_wanted ? wanted->positions.front() : SIZE_MAX;
  holes.push_back({static_cast<size_t>(start - text.data()), static_cast<size_t>(at - text.data()), position});
  for (size_t copy = 1; is_wanted && copy < wanted->positions.size(); copy++) {
    copies.emplace_back(wanted->positions[copy], position);
  }
  return true;
}

}  // namespace heddle
