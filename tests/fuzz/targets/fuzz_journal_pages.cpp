// fuzz/fuzz_journal_pages - a data file with bytes changed or its end cut off is refused, or LMDB opens it, reads all
// of it and writes to it without a crash, and what was written is what is read.
//
// The file is made once, in a folder of the process that is gone at its end. An input is a list of changes: three bytes
// of offset, one that says how many follow, those bytes; none cuts the file there. One thread.
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <journal/lmdb_store.hpp>
#include <map>
#include <string>
#include <support/fuzz.hpp>
#include <support/temporary_folder.hpp>

using namespace broadside;
using namespace broadside::journal;
using broadside::fuzz::require;

namespace {

constexpr std::uint64_t bytes_max = std::uint64_t{4} << 20U;

result<std::unique_ptr<store>, failure> open(const std::string& path) {
  return open_lmdb_store({.path = path, .bytes_max = bytes_max});
}

std::string value_of(std::string_view name) { return std::string(name) + std::string(name.size() * 20, 'v'); }

error_code commit(store& to, chunk_number number, chunk_number erase_before) {
  const std::string chunk(100 + number % 3 * 3000, 'c');
  std::string name = "name/";
  name += std::to_string(number * 37 % 101);
  const std::string value = value_of(name);
  const store_batch::chunk chunks[] = {{chunk_row::log, number, std::as_bytes(std::span(chunk))}};
  const store_batch::value values[] = {{name, value}};
  return to.commit({chunks, values, erase_before, 0}, false);
}

/// The folder and what its data file holds when nothing was done to it.
struct journal_file {
  broadside::testing::temporary_folder at{};
  std::string folder = at / "journal";
  std::string whole{};

  journal_file() {
    const auto kept = open(folder);
    require(kept.has_value(), "a journal can be made");
    for (chunk_number n = 1; n < 60; ++n) {
      require(!commit(**kept, n, n > 20 ? n - 20 : 0), "a journal can be written");
    }
    whole = broadside::testing::read_whole(folder + "/data.mdb");
  }
};

void overwrite(const std::string& path, std::size_t offset, std::string_view bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void change(const journal_file& file, std::string_view input) {
  const std::string path = file.folder + "/data.mdb";
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(input[i])); };
  for (int changes = 0; changes < 16 && input.size() >= 4; ++changes) {
    const auto offset = (byte(0) << 16U | byte(1) << 8U | byte(2)) % file.whole.size();
    const auto bytes = input.substr(4, byte(3));
    if (byte(3) == 0) {
      require(::truncate(path.c_str(), static_cast<off_t>(offset)) == 0, "a file can be cut");
      return;
    }
    overwrite(path, offset, bytes.substr(0, file.whole.size() - offset));
    input.remove_prefix(4 + bytes.size());
  }
}

void check(const journal_file& file) {
  const auto kept = open(file.folder);
  if (!kept) {
    const auto code = kept.error().code;
    require(code == errc::journal_damaged || code == errc::journal_too_new, "a file that is refused is damaged");
    return;
  }
  std::size_t bytes = 0;
  for (const auto row : {chunk_row::log, chunk_row::history, chunk_row::quarantine}) {
    (void)(*kept)->scan_chunks(row, 0, [&](chunk_number, bytes_view chunk) {
      for (const auto each : chunk) bytes += std::to_integer<std::size_t>(each);  // every byte can be read
      return true;
    });
  }
  (void)(*kept)->scan_values("", [&](std::string_view name, std::string_view value) {
    require(value.empty() || value == value_of(name), "a value is what was written, or told to be damaged");
    return true;
  });
  for (chunk_number n = 1000; n < 1004; ++n) (void)commit(**kept, n, n);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const journal_file file;
  change(file, {reinterpret_cast<const char*>(data), size});
  check(file);
  require(::truncate((file.folder + "/data.mdb").c_str(), static_cast<off_t>(file.whole.size())) == 0, "as it was");
  overwrite(file.folder + "/data.mdb", 0, file.whole);
  return 0;
}
