// http/url - where to connect to, over Boost.URL.
#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>
#include <http/url.hpp>

namespace broadside::http {
namespace {

constexpr std::size_t host_bytes_max = 253;  // RFC 1035 section 2.3.4, without the root's dot
constexpr std::size_t url_bytes_max = 2048;

bool has_usable_host(const boost::urls::url_view& url) {
  const std::string_view host = url.encoded_host_address();
  if (host.empty() || host.size() > host_bytes_max) return false;
  if (url.host_type() == boost::urls::host_type::ipvfuture) return false;
  // RFC 3986 allows nearly anything in a registered name; DNS, SNI and the Host field do not.
  return std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_' || c == ':';
  });
}

bool is_only_an_origin(const boost::urls::url_view& url) {
  const std::string_view path = url.encoded_path();
  return !url.has_userinfo() && !url.has_query() && !url.has_fragment() && (path.empty() || path == "/");
}

result<origin> read_origin(const boost::urls::url_view& url) {
  const auto scheme = url.scheme_id();
  if (scheme != boost::urls::scheme::http && scheme != boost::urls::scheme::https) return errc::invalid_url;
  if (!url.has_authority() || url.has_userinfo() || !has_usable_host(url)) return errc::invalid_url;

  origin out;
  out.tls = scheme == boost::urls::scheme::https;
  const std::uint16_t standard = out.tls ? 443 : 80;
  const std::string_view digits = url.port();
  if (digits.empty()) {
    out.port = standard;
  } else {
    out.port = url.port_number();  // zero when the digits do not fit
    if (out.port == 0) return errc::invalid_url;
  }
  out.host = std::string_view(url.encoded_host_address());
  std::transform(out.host.begin(), out.host.end(), out.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  out.authority = url.host_type() == boost::urls::host_type::ipv6 ? "[" + out.host + "]" : out.host;
  if (out.port != standard) out.authority += ":" + std::to_string(out.port);
  return out;
}

}  // namespace

result<origin> parse_origin(std::string_view base_url) {
  if (base_url.size() > url_bytes_max) return errc::invalid_url;
  const auto parsed = boost::urls::parse_absolute_uri(base_url);
  if (!parsed || !is_only_an_origin(*parsed)) return errc::invalid_url;
  return read_origin(*parsed);
}

result<location> parse_location(std::string_view url) {
  if (url.size() > url_bytes_max) return errc::invalid_url;
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed) return errc::invalid_url;
  auto at = read_origin(*parsed);
  if (!at) return at.error();
  location out{.at = std::move(*at), .target = std::string(std::string_view(parsed->encoded_path()))};
  if (out.target.empty()) out.target = "/";
  if (parsed->has_query()) out.target.append("?").append(std::string_view(parsed->encoded_query()));
  return out;
}

result<std::string> resolve_reference(std::string_view base, std::string_view reference) {
  if (base.size() > url_bytes_max || reference.size() > url_bytes_max) return errc::invalid_url;
  const auto from = boost::urls::parse_uri(base);
  const auto to = boost::urls::parse_uri_reference(reference);
  if (!from || !to) return errc::invalid_url;
  boost::urls::url out;
  if (!boost::urls::resolve(*from, *to, out)) return errc::invalid_url;
  out.remove_fragment();
  return std::string(std::string_view(out.buffer()));
}

}  // namespace broadside::http
