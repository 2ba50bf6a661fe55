// support/beast_head - what Beast makes of a head, to compare with what read_plain_head() says of it.
//
// Pure. Any thread.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <http/plain_head.hpp>
#include <limits>
#include <string_view>

namespace broadside::beast_head {

namespace http = boost::beast::http;

class parser final : public http::basic_parser<false> {
 public:
  parser() {
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(boost::none);
  }

  unsigned status = 0;
  bool says_more = false;  ///< a field that a plain head does not have

 private:
  using text = boost::beast::string_view;
  using error = boost::system::error_code;

  void on_request_impl(http::verb, text, text, int, error&) override {}
  void on_response_impl(int code, text, int version, error&) override {
    status = static_cast<unsigned>(code);
    says_more = version != 11;
  }
  void on_field_impl(http::field name, text, text, error&) override {
    for (const auto more : {http::field::retry_after, http::field::transfer_encoding, http::field::upgrade,
                            http::field::trailer, http::field::proxy_connection}) {
      if (name == more) says_more = true;
    }
  }
  void on_header_impl(error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error&) override {}
  std::size_t on_body_impl(text, error&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, text, error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, text, error&) override { return 0; }
  void on_finish_impl(error&) override {}
};

/// What of `read`, which read_plain_head() made of `bytes`, Beast says otherwise; empty: nothing.
inline std::string_view objection(std::string_view bytes, const broadside::http::plain_head& read) {
  if (bytes.find("\r\n\r\n") + 4 != read.size) return "the head ends with the first empty line";
  parser beast;
  boost::system::error_code ec;
  const std::size_t used = beast.put(boost::asio::buffer(bytes.data(), read.size), ec);
  if (ec || used != read.size || !beast.is_header_done()) return "it is a head";
  if (beast.status != read.status || read.status < 200 || read.status > 599) return "the status";
  const auto length = beast.content_length();
  if (!length || *length != read.content_length || beast.chunked()) return "the length of the body";
  if (beast.is_done() != (read.content_length == 0)) return "whether there is a body";
  if (beast.keep_alive() != read.keep_alive) return "whether the connection stays";
  return beast.says_more ? "there is no more to know" : "";
}

}  // namespace broadside::beast_head
