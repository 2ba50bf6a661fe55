// audience/row_fault - the names and sentences of the faults. Constant data, any thread.
#include <broadside/audience_reader.hpp>

namespace broadside {
std::string_view name_of(row_fault fault) noexcept {
  switch (fault) {
    case row_fault::none:
      return "none";
    case row_fault::unterminated_quote:
      return "unterminated_quote";
    case row_fault::text_after_quote:
      return "text_after_quote";
    case row_fault::bare_quote:
      return "bare_quote";
    case row_fault::row_too_large:
      return "row_too_large";
    case row_fault::too_many_fields:
      return "too_many_fields";
    case row_fault::wrong_number_of_fields:
      return "wrong_number_of_fields";
    case row_fault::bad_json:
      return "bad_json";
    case row_fault::not_an_object:
      return "not_an_object";
    case row_fault::key_twice:
      return "key_twice";
    case row_fault::value_not_text:
      return "value_not_text";
    case row_fault::missing_to:
      return "missing_to";
  }
  return "unknown";
}

std::string_view explain(row_fault fault) noexcept {
  switch (fault) {
    case row_fault::none:
      return "nothing is wrong";
    case row_fault::unterminated_quote:
      return "a quote is opened and never closed";
    case row_fault::text_after_quote:
      return "something stands between a closing quote and the next delimiter";
    case row_fault::bare_quote:
      return "a quote inside a field that is not quoted: quote the field and double the quote";
    case row_fault::row_too_large:
      return "the row is longer than a row may be";
    case row_fault::too_many_fields:
      return "the row has more fields than a row may have";
    case row_fault::wrong_number_of_fields:
      return "the row has not as many fields as the header";
    case row_fault::bad_json:
      return "the line is not JSON in UTF-8";
    case row_fault::not_an_object:
      return "the line is JSON, but not an object";
    case row_fault::key_twice:
      return "the object has a key twice";
    case row_fault::value_not_text:
      return "the number or an attribute is an array or an object";
    case row_fault::missing_to:
      return "the row has no phone number";
  }
  return "unknown";
}

}  // namespace broadside
