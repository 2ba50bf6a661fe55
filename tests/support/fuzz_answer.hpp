// support/fuzz_answer - bytes of a fuzzer as an HTTP answer: "STATUS RETRY_AFTER_MS\n", then the body.
//
// Pure. Views live as long as the bytes.
#pragma once

#include <broadside/provider.hpp>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace broadside::fuzz {

/// Without a first line of that form the answer is a 200 and everything is its body.
inline http_response as_answer(const std::uint8_t* data, std::size_t size) {
  const char* const begin = reinterpret_cast<const char*>(data);
  const char* const end = begin + size;
  http_response answer;
  std::int32_t retry_after_ms = -1;
  auto read = std::from_chars(begin, end, answer.status);
  const bool more = read.ec == std::errc{} && read.ptr != end && *read.ptr == ' ';
  if (more) read = std::from_chars(read.ptr + 1, end, retry_after_ms);
  if (read.ec != std::errc{} || read.ptr == end || *read.ptr != '\n') return {200, {begin, size}, {}};
  answer.body = {read.ptr + 1, static_cast<std::size_t>(end - read.ptr - 1)};
  answer.retry_after = std::chrono::milliseconds{retry_after_ms};
  return answer;
}

/// The same answer with a member more that is written with an escape, so that no reader of plain JSON takes it; empty
/// where it does not begin as an object with members.
inline std::string otherwise_written(std::string_view json) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t open = json.find_first_not_of(space);
  if (open == std::string_view::npos || json[open] != '{') return {};
  const std::size_t first = json.find_first_not_of(space, open + 1);
  if (first == std::string_view::npos || json[first] != '"') return {};
  std::string out(json);
  return out.insert(open + 1, R"("\u005f":0,)");
}

inline bool equal(const verdict& a, const verdict& b) {
  return a.kind == b.kind && a.route_fault == b.route_fault && a.duplicate == b.duplicate &&
         a.of_request == b.of_request && a.pace == b.pace && a.until_next_day == b.until_next_day &&
         a.retry_after == b.retry_after && a.provider_message_id == b.provider_message_id &&
         a.status_code == b.status_code && a.error == b.error;
}

/// But for the words, which may be those of the body.
inline bool same_meaning(verdict a, verdict b) {
  a.error.clear();
  b.error.clear();
  return equal(a, b);
}

/// What the fields of a verdict say of each other, whatever the answer.
inline bool consistent(const verdict& v) {
  const bool slows = v.kind == verdict_kind::slow_down;
  const bool waits = slows || v.kind == verdict_kind::retry;
  if (v.route_fault && v.kind != verdict_kind::retry) return false;
  if (v.duplicate && v.kind != verdict_kind::rejected) return false;
  if (v.of_request && (v.route_fault || (v.kind != verdict_kind::rejected && v.kind != verdict_kind::retry))) {
    return false;
  }
  return (slows || (v.pace == paced::account && !v.until_next_day)) && (waits || v.retry_after.count() < 0);
}

}  // namespace broadside::fuzz
