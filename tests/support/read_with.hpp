// support/read_with - what one media reader says of a file, whatever its first bytes are. One thread.
#pragma once

#include <broadside/media.hpp>
#include <media/memory_source.hpp>
#include <media/window.hpp>
#include <span>
#include <string_view>

namespace broadside::media {

template <class Reader>
media_facts read_with(Reader reader, std::string_view file) {
  memory_source source(std::as_bytes(std::span(file.data(), file.size())));
  window look(source);
  media_facts facts;
  facts.bytes = file.size();
  reader(look, facts);
  facts.state = look.state();
  facts.faults = look.faults();
  return facts;
}

}  // namespace broadside::media
