#include "Scalar.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <system_error>

namespace heddle {
namespace {

// Powers of ten up to this one are exact, and so is a number of as many digits: their quotient is rounded once.
constexpr ptrdiff_t exact_digits = 15;
constexpr double tens[exact_digits + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
// Whole numbers of more digits may not fit into 64 bits.
constexpr ptrdiff_t whole_digits = 18;

bool is_digit(char byte) { return static_cast<unsigned char>(byte - '0') <= 9; }

// The end of the digits, which become the last ones of `number`.
inline const char *digits(const char *at, uint64_t &number) {
  for (; is_digit(*at); at++) number = number * 10 + static_cast<uint64_t>(*at - '0');
  return at;
}

// A number that is not exact: rounded as it must be, which takes longer.
const char *read_long(const char *start, const char *at, bool is_whole, double &result) {
  if (*at == 'e' || *at == 'E') {
    at++;
    if (*at == '+' || *at == '-') at++;
    if (!is_digit(*at)) return nullptr;
    while (is_digit(*at)) at++;
  } else if (is_whole && at - start > whole_digits) {
    return nullptr;
  }
  auto read = std::from_chars(start, at, result);
  return read.ec == std::errc() && read.ptr == at ? at : nullptr;
}

const char *read_number(const char *start, double &result) {
  bool is_negative = *start == '-';
  const char *first = start + is_negative;
  uint64_t mantissa = 0;
  const char *at = digits(first, mantissa), *point = at;
  if (at == first || (*first == '0' && at - first > 1)) return nullptr;
  if (*point == '.') {
    at = digits(point + 1, mantissa);
    if (at == point + 1) return nullptr;
  }
  bool is_whole = at == point;
  ptrdiff_t fraction = is_whole ? 0 : at - point - 1;
  if (point - first + fraction > exact_digits || *at == 'e' || *at == 'E')
    return read_long(start, at, is_whole, result);
  double magnitude = static_cast<double>(static_cast<int64_t>(mantissa)) / tens[fraction];
  // -0 is a whole number like 0.
  result = is_negative && !(is_whole && mantissa == 0) ? -magnitude : magnitude;
  return at;
}

const char *read_text(const char *start, heddle_json_value &value) {
  const char *at = start;
  while (*at != '"') {
    if (static_cast<signed char>(*at) < 0x20 || *at == '\\') return nullptr;
    at++;
  }
  value.kind = HEDDLE_JSON_TEXT;
  value.text = start;
  value.text_length = static_cast<size_t>(at - start);
  return at + 1;
}

const char *read_word(const char *at, heddle_json_value &value) {
  value.kind = HEDDLE_JSON_FLAG;
  value.flag = *at == 't';
  if (std::strncmp(at, "true", 4) == 0) return at + 4;
  if (std::strncmp(at, "false", 5) == 0) return at + 5;
  value.kind = HEDDLE_JSON_NULL;
  return std::strncmp(at, "null", 4) == 0 ? at + 4 : nullptr;
}

}  // namespace

const char *read_scalar(const char *at, heddle_json_value &value) {
  if (*at == '"') return read_text(at + 1, value);
  if (*at != '-' && !is_digit(*at)) return read_word(at, value);
  value.kind = HEDDLE_JSON_NUMBER;
  return read_number(at, value.number);
}

}  // namespace heddle
