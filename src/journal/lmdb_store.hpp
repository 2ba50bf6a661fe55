// journal/lmdb_store - a store in a folder: LMDB's data file, and a lock file that names who holds it.
//
// The folder is made when it is missing, readable by its owner only, and never followed through a link. Before LMDB
// maps a file, page_check reads it: a file that is shorter than it says, whose pages do not hang together, or whose
// last commit is not the one its pages know of is refused with what is wrong, because a mapped file cannot fail
// politely.
#pragma once

#include <journal/store.hpp>
#include <memory>
#include <string>

namespace broadside::journal {

enum class access : std::uint8_t {
  write,  ///< one at a time: a second one is refused, naming the holder
  read,   ///< beside a writer, or alone
};

struct lmdb_options {
  std::string path{};                                  ///< of the folder
  std::uint64_t bytes_max = std::uint64_t{64} << 30U;  ///< the file never grows beyond; address space, not memory
  access how = access::write;
};

/// Errors: errc::journal_in_use (violation: who holds it), errc::journal_damaged (what is wrong and where),
/// errc::journal_too_new (which format it has), or what the system said, always with the path.
[[nodiscard]] result<std::unique_ptr<store>, failure> open_lmdb_store(const lmdb_options&);

}  // namespace broadside::journal
