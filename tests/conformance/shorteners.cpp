// tests/conformance/shorteners - hosts of public link shorteners, as a table with tabs.
#include <links/links.hpp>
#include <string>
#include <text/json.hpp>
#include "mode.hpp"

namespace broadside::conformance {
namespace {

std::string_view name_of(links::shortener kind) {
  switch (kind) {
    case links::shortener::none:
      return "none";
    case links::shortener::single_brand:
      return "single_brand";
    case links::shortener::shared:
      return "shared";
  }
  return {};
}

std::string json_of(std::string_view itself, std::string_view below, std::string_view containing,
                    std::string_view above) {
  std::string out;
  text::json_writer json(out);
  json.begin_object();
  json.member("itself", itself);
  json.member("below", below);
  json.member("containing", containing);
  json.member("above", above);
  json.end_object();
  json.flush();
  return out;
}

}  // namespace

judgement judge_shortener(std::string_view line) {
  const std::string host(line.substr(0, line.find('\t')));
  if (host == "domain") return no_vector();
  if (host.size() == line.size() || host.find('.') == std::string::npos)
    return unreadable("not a host, a tab, and more");
  const std::string_view source = line.substr(host.size() + 1);
  const bool brand = source.find("single brand") != std::string_view::npos;
  const std::string_view kind = name_of(brand ? links::shortener::single_brand : links::shortener::shared);
  const auto answer = [](const std::string& each) { return name_of(links::shortener_of(each)); };
  return compared(json_of(answer(host), answer("x." + host), answer("not" + host), answer(host + ".example.com")),
                  json_of(kind, kind, "none", "none"));
}

}  // namespace broadside::conformance
