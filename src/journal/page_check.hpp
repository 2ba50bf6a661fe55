// journal/page_check - whether a file is an LMDB data file whose pages hang together, before anything maps it.
//
// Reads with pread, in time and memory bounded by the number of pages (one bit each); no recursion. What it proves:
// both meta pages are LMDB's and of neighbouring transactions, every page that the trees of the later one reach is
// inside the file, has the flags, bounds and order it needs, and is reached once, and no page that the free list offers
// for reuse is reached at all. What stands inside values is for their own checksums. The file must not change
// meanwhile.
#pragma once

#include <broadside/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace broadside::journal {

struct page_check_result {
  std::uint64_t pages = 0;
  std::uint64_t transaction = 0;  ///< of the later meta page
};

/// Where every transaction writes its own number (eight bytes, the machine's order, in front of whatever else the value
/// has). A meta page has no checksum: with a damaged number it is taken for the earlier one, and LMDB goes back a
/// transaction without a word. Both transactions' trees are whole at any time, so both are asked who they are.
struct transaction_stamp {
  std::string_view database{};  ///< empty: there is no such value
  std::string_view name{};
};

/// `descriptor` is open for reading. Errors: errc::journal_damaged with a violation whose rule says which page and
/// what, or what the system said.
[[nodiscard]] result<page_check_result, failure> check_pages(int descriptor, const transaction_stamp& = {});

}  // namespace broadside::journal
