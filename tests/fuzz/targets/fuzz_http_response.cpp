// fuzz_http_response - any bytes, cut anywhere: the parser says of the pieces what it says of the whole.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <http/response_parser.hpp>
#include <string>
#include <string_view>

namespace {

using broadside::http::response_parser;
using progress = response_parser::progress;

struct reading {
  progress at = progress::need_more;
  unsigned status = 0;
  std::string body;
  std::chrono::milliseconds retry_after{-1};
  bool keep_alive = false;

  friend bool operator==(const reading&, const reading&) = default;
};

// `step` 0: in one piece. Errors count as one: which of two faults of a message is met first depends on the cut.
reading read(response_parser& parser, std::string_view text, std::size_t step, bool closes) {
  parser.reset();
  for (std::string_view left = text; !left.empty();) {
    const std::size_t n = step == 0 || step > left.size() ? left.size() : step;
    parser.feed(left.substr(0, n));
    left.remove_prefix(n);
  }
  reading out;
  out.at = closes ? parser.finish() : parser.feed({});
  if (out.at != progress::complete) return out;
  const auto response = parser.response({});
  out.status = response.status;
  out.body = response.body;
  out.retry_after = response.retry_after;
  out.keep_alive = parser.keep_alive();
  return out;
}

void require(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool closes = (data[0] & 1U) != 0;
  const std::size_t step = 1 + data[1] % 61;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  constexpr std::size_t head_max = 1024;
  constexpr std::size_t body_max = 512;
  response_parser parser(head_max, body_max);
  const reading whole = read(parser, text, 0, closes);
  require(whole.body.size() <= body_max);
  require(whole.at != progress::complete || (whole.status >= 200 && whole.status <= 599));
  require(whole.retry_after <= std::chrono::hours{24});
  require(read(parser, text, 1, closes) == whole);
  require(read(parser, text, step, closes) == whole);
  return 0;
}
