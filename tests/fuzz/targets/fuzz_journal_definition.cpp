// fuzz/fuzz_journal_definition - bytes that are a definition are the only spelling of it.
//
// Pure; one thread.
#include <journal/definition.hpp>
#include <string_view>
#include <support/fuzz.hpp>

using namespace broadside;
using broadside::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto read = journal::decode_definition(bytes);
  if (read) {
    require(journal::encode_definition(*read) == bytes, "a definition has one spelling");
  } else {
    const bool told = read.error() == errc::journal_damaged || read.error() == errc::journal_too_new;
    require(told, "what is none is damaged or of a later version");
  }
  // The same bytes as somebody's texts come back, whatever they are.
  campaign made;
  made.name = made.text = made.fallback.text = bytes;
  made.attributes.assign(3, made.name);
  made.media.assign(2, {.url = made.name, .mime_type = made.text, .bytes = size});
  made.sender.routes.assign(2, {.route = made.name, .weight = static_cast<std::uint32_t>(size)});
  const auto back = journal::decode_definition(journal::encode_definition(made));
  require(back.has_value(), "what is written is read");
  require(back->text == made.text && back->attributes == made.attributes, "texts are kept as they are");
  require(back->media[1].url == made.name && back->sender.routes[1].route == made.name, "in lists too");
  return 0;
}
