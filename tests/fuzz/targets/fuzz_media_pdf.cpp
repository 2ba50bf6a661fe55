// fuzz/fuzz_media_pdf - PDFs of any bytes have facts that hold together, and white space at the end changes none.
//
// Pure; one thread.
#include <cstddef>
#include <cstdint>
#include <media/readers.hpp>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <support/fuzz_media.hpp>
#include <support/read_with.hpp>

using broadside::media_facts;
using broadside::media_fault;
using broadside::media_state;
using broadside::fuzz::require;

namespace {

media_facts read(std::string_view file) { return broadside::media::read_with(broadside::media::read_pdf, file); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  broadside::fuzz::read_checked(file);
  const media_facts facts = read(file);
  require(facts.faults.empty() == (facts.state == media_state::clean), "clean is without faults");
  require(facts.version.empty() || (facts.version.size() == 3 && facts.version.view()[1] == '.'), "1.7, or nothing");
  const auto header = file.substr(0, 1032).find("%PDF-");
  if (facts.state != media_state::broken) {
    require(header != std::string_view::npos, "what readers can read has a header");
    require(file.find("obj") != std::string_view::npos || file.find("xref") != std::string_view::npos,
            "and objects, or a table of them");
  }
  if (facts.state == media_state::clean) {
    require(header == 0, "a clean file begins with its header");
    require(file.rfind("%%EOF") != std::string_view::npos, "and has an end");
    require(file.rfind("startxref") != std::string_view::npos, "and a table");
    require(read(std::string(file) + "\r\n").state == media_state::clean, "white space may follow the end");
    require(read(std::string(file) + "<").faults.contains(media_fault::trailing_bytes), "other bytes are told");
    require(read(" " + std::string(file)).faults.contains(media_fault::leading_bytes), "bytes in front are told");
  }
  return 0;
}
