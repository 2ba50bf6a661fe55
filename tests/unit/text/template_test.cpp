#include <array>
#include <string>
#include <support/catch.hpp>
#include <text/template.hpp>

namespace {

using broadside::errc;
using broadside::text::compiled_template;

const std::vector<std::string> attributes{"first_name", "city"};

std::string rendered(std::string_view source, std::string_view first_name, std::string_view city) {
  const auto made = compiled_template::compile(source, attributes, "text");
  REQUIRE(made.has_value());
  std::string out;
  const std::array<std::string_view, 2> values{first_name, city};
  made->render(out, values);
  return out;
}

std::vector<broadside::violation> violations(std::string_view source) {
  const auto made = compiled_template::compile(source, attributes, "text");
  REQUIRE_FALSE(made.has_value());
  REQUIRE(made.error().code == errc::invalid_template);
  return made.error().violations;
}

}  // namespace

TEST_CASE("template: values take the places of their attributes", "[text]") {
  REQUIRE(rendered("Hi {{ first_name }} of {{city}}!", "Ann", "Ottawa") == "Hi Ann of Ottawa!");
  REQUIRE(rendered("{{first_name}}{{first_name}}", "Ann", "") == "AnnAnn");
  REQUIRE(rendered("", "Ann", "").empty());
}

TEST_CASE("template: a default stands for an empty value only", "[text]") {
  constexpr auto source = "Hi {{ first_name | default('friend') }}";
  REQUIRE(rendered(source, "", "") == "Hi friend");
  REQUIRE(rendered(source, "Ann", "") == "Hi Ann");
  REQUIRE(rendered("Hi {{ first_name }}.", "", "") == "Hi .");
}

TEST_CASE("template: a default's text may hold quotes, braces and escapes", "[text]") {
  REQUIRE(rendered(R"({{ city|default("it's }} \"so\"\n") }})", "", "") == "it's }} \"so\"\n");
  REQUIRE(rendered(R"({{ city | default( 'it\'s' ) }})", "", "") == "it's");
}

TEST_CASE("template: values are never read as templates", "[text]") {
  REQUIRE(rendered("Hi {{ first_name }}", "{{ city }}", "Ottawa") == "Hi {{ city }}");
}

TEST_CASE("template: a lone brace is text", "[text]") {
  REQUIRE(rendered("{ } }} { {first_name} 100%}", "Ann", "") == "{ } }} { {first_name} 100%}");
}

TEST_CASE("template: every mistake is reported with its place", "[text]") {
  const auto found = violations("Hi {{ first_nam }},\n {{ city | upper }} {{ }} {{ city | default(x) }}");
  REQUIRE(found.size() == 4);
  REQUIRE(found[0].field == "text");
  REQUIRE(found[0].rule == "line 1, column 7: unknown attribute \"first_nam\"");
  REQUIRE(found[1].rule == "line 2, column 12: unknown filter \"upper\": only default('…') is known");
  REQUIRE(found[2].rule == "line 2, column 24: an attribute's name is expected after {{");
  REQUIRE(found[3].rule == "line 2, column 45: default() needs a text in quotes, as in default('friend')");
}

TEST_CASE("template: unfinished expressions, statements and comments are refused", "[text]") {
  const auto source = GENERATE("{{", "{{ city", "{{ city }", "{{ city | default('x' }}", "{{ city | default('x",
                               "{{ city city }}", "{% if city %}", "{# note #}", "{{ city | }}", "{{ 1city }}");
  CAPTURE(source);
  REQUIRE_FALSE(violations(source).empty());
}

TEST_CASE("template: bytes that are not UTF-8 are refused with their offset", "[text]") {
  REQUIRE(violations("ab\xFF").front().rule == "is not UTF-8 at byte 2");
}

TEST_CASE("template: the literal text leaves expressions out", "[text]") {
  const auto made = compiled_template::compile("Hi {{ city }}!", attributes, "text");
  REQUIRE(made.has_value());
  REQUIRE(made->literal_text() == "Hi !");
  REQUIRE_FALSE(made->is_constant());
  REQUIRE(compiled_template::compile("Hi", attributes, "text")->is_constant());
}

TEST_CASE("template: every piece knows its place in the source", "[text]") {
  constexpr std::string_view source = "Hé {{ city | default('x\\'y') }}{{first_name}}! ";
  const auto made = compiled_template::compile(source, attributes, "text");
  REQUIRE(made.has_value());
  const auto pieces = made->pieces();
  REQUIRE(pieces.size() == 4);
  REQUIRE(pieces[0].literal == "Hé ");
  REQUIRE(pieces[1].literal == "x'y");
  REQUIRE(pieces[1].attribute == 1);
  REQUIRE(pieces[2].attribute == 0);
  REQUIRE(pieces[3].literal == "! ");
  REQUIRE(pieces[3].attribute == -1);
  for (const auto& each : pieces) {
    const auto text = each.attribute < 0 ? std::string_view(each.literal) : std::string_view("{{");
    REQUIRE(source.substr(each.at).starts_with(text));
  }
  REQUIRE(pieces[2].at == source.find("{{first"));
}
