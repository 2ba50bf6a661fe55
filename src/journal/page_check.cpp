// journal/page_check - the on-disk format of LMDB 0.9 (data version 1), read without trusting any of it.
//
// A page is 16 bytes of header (its number, padding, flags, and either the bounds of its free space or how many pages
// an overflow has), then offsets of nodes from the front and nodes from the back. Numbers have the machine's order.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <bit>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <journal/page_check.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace broadside::journal {
namespace {

using bytes_view = std::span<const std::byte>;
using page_number = std::uint64_t;

constexpr std::size_t page_header_bytes = 16;
constexpr std::size_t node_header_bytes = 8;
constexpr std::size_t meta_bytes = 136;  // behind the page's header
constexpr std::size_t tree_bytes = 48;
constexpr std::uint32_t magic = 0xBEEF'C0DE;
constexpr std::uint32_t data_version = 1;
constexpr std::uint32_t page_bytes_min = 512;
constexpr std::uint32_t page_bytes_max = 32'768;  // offsets have 16 bits
constexpr std::size_t depth_max = 31;             // LMDB's cursors hold 32
constexpr std::size_t key_bytes_max = 511;
constexpr std::size_t trees_max = 128;
constexpr page_number no_page = ~page_number{0};
/// Pages at the end that were taken and given back in one transaction are counted and never written.
constexpr std::uint64_t unwritten_max = 1U << 17U;

enum page_flag : std::uint16_t { branch_page = 0x01, leaf_page = 0x02, overflow_page = 0x04, meta_page = 0x08 };
enum node_flag : std::uint16_t { big_node = 0x01, tree_node = 0x02 };
enum tree_flag : std::uint16_t { integer_keys = 0x08, no_folder = 0x4000 };

/// Requires that the bytes are there.
template <class T>
T load(bytes_view from, std::size_t at) noexcept {
  T value{};
  std::memcpy(&value, from.data() + at, sizeof value);
  return value;
}

/// What a meta page or a node of the main tree says of a tree.
struct tree {
  std::uint16_t flags = 0;
  std::uint16_t depth = 0;
  page_number root = no_page;
  bool is_free_list = false;
};

tree load_tree(bytes_view from, std::size_t at) noexcept {
  return {load<std::uint16_t>(from, at + 4), load<std::uint16_t>(from, at + 6), load<std::uint64_t>(from, at + 40)};
}

struct meta {
  tree free_list;
  tree main;
  page_number last = 0;
  std::uint64_t transaction = 0;
  std::uint32_t page_bytes = 0;
};

struct node {
  std::uint16_t flags = 0;
  bytes_view key{};
  std::uint32_t data_bytes = 0;
  bytes_view data{};  // as it stands in the page: of a big node, the number of its first overflow page
};

std::size_t even(std::size_t n) noexcept { return (n + 1) & ~std::size_t{1}; }

/// A page in memory, and how far the walk has come in it.
struct level {
  page_number number = 0;
  std::vector<std::byte> bytes{};
  std::size_t next = 0;

  [[nodiscard]] std::uint16_t flags() const noexcept { return load<std::uint16_t>(bytes, 10); }
  [[nodiscard]] bool is_leaf() const noexcept { return flags() == leaf_page; }
  [[nodiscard]] std::size_t lower() const noexcept { return load<std::uint16_t>(bytes, 12); }
  [[nodiscard]] std::size_t upper() const noexcept { return load<std::uint16_t>(bytes, 14); }
  [[nodiscard]] std::size_t count() const noexcept { return (lower() - page_header_bytes) / 2; }
  [[nodiscard]] std::size_t offset(std::size_t i) const noexcept {
    return load<std::uint16_t>(bytes, page_header_bytes + 2 * i);
  }
  // the rest after the nodes were proven to be inside the page
  [[nodiscard]] std::size_t node_bytes(std::size_t i) const noexcept;
  [[nodiscard]] node leaf_node(std::size_t i) const noexcept;
  [[nodiscard]] bytes_view key(std::size_t i) const noexcept;
  [[nodiscard]] page_number child(std::size_t i) const noexcept;
};

std::size_t level::node_bytes(std::size_t i) const noexcept {
  const auto at = offset(i);
  const std::size_t key_bytes = load<std::uint16_t>(bytes, at + 6);
  if (!is_leaf()) return node_header_bytes + key_bytes;
  const bool big = (load<std::uint16_t>(bytes, at + 4) & big_node) != 0;
  return node_header_bytes + key_bytes + (big ? sizeof(page_number) : load<std::uint32_t>(bytes, at));
}

bytes_view level::key(std::size_t i) const noexcept {
  const auto at = offset(i);
  return bytes_view(bytes).subspan(at + node_header_bytes, load<std::uint16_t>(bytes, at + 6));
}

node level::leaf_node(std::size_t i) const noexcept {
  const auto at = offset(i);
  node out;
  out.data_bytes = load<std::uint32_t>(bytes, at);
  out.flags = load<std::uint16_t>(bytes, at + 4);
  out.key = key(i);
  out.data = bytes_view(bytes).subspan(at, node_bytes(i)).subspan(node_header_bytes + out.key.size());
  return out;
}

/// A branch keeps 48 bits of it: where a leaf has the size of the data, and in the flags.
page_number level::child(std::size_t i) const noexcept {
  const auto at = offset(i);
  return load<std::uint32_t>(bytes, at) | std::uint64_t{load<std::uint16_t>(bytes, at + 4)} << 32U;
}

/// The whole check; the first fault ends it.
class checker {
 public:
  checker(int descriptor, const transaction_stamp& stamp) noexcept : descriptor_(descriptor), stamp_(stamp) {}
  [[nodiscard]] result<page_check_result, failure> run();

 private:
  // each false after a fault
  [[nodiscard]] bool read(std::uint64_t offset, std::span<std::byte> to);
  [[nodiscard]] bool read_meta(page_number, std::uint64_t offset, meta&);
  [[nodiscard]] bool read_metas();
  [[nodiscard]] bool check_metas();
  [[nodiscard]] bool check_trees(const meta& of);
  [[nodiscard]] bool ask_earlier();
  [[nodiscard]] bool mark(page_number, std::uint64_t count);
  template <class Visit>
  [[nodiscard]] bool walk(const tree&, Visit visit);
  [[nodiscard]] bool push(page_number, const tree&);
  [[nodiscard]] bool check_page(const level&, const tree&);
  [[nodiscard]] bool check_nodes(const level&);
  [[nodiscard]] bool check_separator(const level&, const tree&);
  [[nodiscard]] bool check_key(const level&, bytes_view key, const tree&);
  [[nodiscard]] bool check_overflow(const level&, const node&);
  [[nodiscard]] bool check_named(const level&, const node&, std::vector<tree>& named, tree& stamped);
  [[nodiscard]] bool check_stamp(const level&, const node&, const meta& of);
  [[nodiscard]] bool check_free(const level&, const node&);
  [[nodiscard]] bool check_free_pages(page_number at, bytes_view numbers, page_number& above);
  [[nodiscard]] bool fault(page_number, std::string what);
  [[nodiscard]] bool system_fault();

  int descriptor_;
  transaction_stamp stamp_;
  std::uint64_t file_bytes_ = 0;
  std::array<meta, 2> metas_{};
  std::size_t later_ = 0;

  // of one walk
  std::uint32_t page_bytes_ = 0;
  page_number last_ = 0;
  std::vector<std::uint64_t> used_{};  // a bit for each page: in a tree, or free
  std::vector<level> path_{};          // levels keep their memory
  std::size_t depth_ = 0;              // how many of them are in use
  std::vector<std::byte> last_key_{};
  bool any_key_ = false;
  std::vector<std::byte> separator_{};  // keys from here on are not below it
  bool any_separator_ = false;
  std::vector<std::pair<std::size_t, std::size_t>> places_{};  // of the nodes of a page

  failure failed_{};
};

bool checker::fault(page_number page, std::string what) {
  failed_ = {errc::journal_damaged, {{"data.mdb", fmt::format("page {}: {}", page, what)}}};
  return false;
}

bool checker::system_fault() {
  const error_code code{errno, boost::system::system_category()};
  failed_ = {code, {{"data.mdb", code.message()}}};
  return false;
}

bool checker::read(std::uint64_t offset, std::span<std::byte> to) {
  while (!to.empty()) {
    const auto n = ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_fault();
    if (n == 0) return fault(page_bytes_ == 0 ? 0 : offset / page_bytes_, "the file ends in it");
    offset += static_cast<std::uint64_t>(n);
    to = to.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

// ---- meta pages

bool checker::read_meta(page_number page, std::uint64_t offset, meta& out) {
  std::array<std::byte, page_header_bytes + meta_bytes> raw{};
  if (!read(offset, raw)) return false;
  const bytes_view bytes(raw);
  if (load<std::uint16_t>(bytes, 10) != meta_page) return fault(page, "is not a meta page");
  if (load<std::uint32_t>(bytes, 16) != magic) return fault(page, "does not have LMDB's magic number");
  if (load<std::uint32_t>(bytes, 20) != data_version) return fault(page, "does not have LMDB's data version 1");
  out.page_bytes = load<std::uint32_t>(bytes, 40);  // padding of the first tree's record
  out.free_list = load_tree(bytes, 40);
  out.free_list.is_free_list = true;
  out.main = load_tree(bytes, 40 + tree_bytes);
  out.last = load<std::uint64_t>(bytes, 40 + 2 * tree_bytes);
  out.transaction = load<std::uint64_t>(bytes, 48 + 2 * tree_bytes);
  const bool usable =
      std::has_single_bit(out.page_bytes) && out.page_bytes >= page_bytes_min && out.page_bytes <= page_bytes_max;
  if (!usable) return fault(page, fmt::format("pages of {} bytes do not exist", out.page_bytes));
  if ((out.free_list.flags & ~no_folder) != integer_keys || out.main.flags != 0) {
    return fault(page, "has flags that a journal does not have");
  }
  return true;
}

bool checker::read_metas() {
  if (!read_meta(0, 0, metas_[0])) return false;
  page_bytes_ = metas_[0].page_bytes;
  if (!read_meta(1, page_bytes_, metas_[1])) return false;
  if (metas_[1].page_bytes != page_bytes_) return fault(1, "has another page size than page 0");
  return true;
}

/// Transactions alternate between the two pages, even ones to page 0. A new file has 0 in both.
bool checker::check_metas() {
  const auto even_one = metas_[0].transaction;
  const auto odd_one = metas_[1].transaction;
  const bool fresh = even_one == 0 && odd_one == 0;
  const bool neighbours = even_one % 2 == 0 && odd_one % 2 == 1 && (even_one + 1 == odd_one || odd_one + 1 == even_one);
  if (!fresh && !neighbours) {
    return fault(0, fmt::format("transactions {} and {} cannot stand beside each other", even_one, odd_one));
  }
  later_ = odd_one > even_one ? 1 : 0;
  const auto file_pages = file_bytes_ / page_bytes_;
  for (const page_number page : {page_number{0}, page_number{1}}) {
    const auto last = metas_[page].last;
    if (last < 1) return fault(page, "counts no pages");
    if (last >= file_pages + unwritten_max) {
      return fault(page, fmt::format("counts pages up to {}, the file has {}", last, file_pages));
    }
  }
  return true;
}

// ---- pages

/// Each page has one use.
bool checker::mark(page_number first, std::uint64_t count) {
  for (page_number page = first; page < first + count; ++page) {
    auto& word = used_[page / 64];
    const auto bit = std::uint64_t{1} << page % 64;
    if ((word & bit) != 0) return fault(page, "has two uses");
    word |= bit;
  }
  return true;
}

bool checker::push(page_number page, const tree& of) {
  const page_number from = depth_ == 0 ? 0 : path_[depth_ - 1].number;
  if (page < 2 || page > last_) return fault(from, fmt::format("leads to page {} of {}", page, last_));
  if (depth_ == of.depth) return fault(page, "is deeper in its tree than that is");
  if (!mark(page, 1)) return false;
  if (depth_ == path_.size()) path_.emplace_back();
  level& added = path_[depth_];
  added.number = page;
  added.next = 0;
  added.bytes.resize(page_bytes_);
  if (!read(page * page_bytes_, added.bytes)) return false;
  ++depth_;
  return check_page(added, of);
}

bool checker::check_page(const level& page, const tree& of) {
  if (load<std::uint64_t>(page.bytes, 0) != page.number) return fault(page.number, "has another number");
  if (page.flags() != leaf_page && page.flags() != branch_page) return fault(page.number, "is not a page of a tree");
  if (page.is_leaf() != (depth_ == of.depth)) return fault(page.number, "is not as deep in its tree as others");
  const auto lower = page.lower();
  const auto upper = page.upper();
  if (lower < page_header_bytes || lower % 2 != 0 || lower > upper || upper > page_bytes_) {
    return fault(page.number, "has bounds that cannot be");
  }
  // LMDB takes a branch of one only in the free list, and an empty leaf nowhere.
  const std::size_t least = page.is_leaf() || of.is_free_list ? 1 : 2;
  if (page.count() < least) return fault(page.number, "has too few nodes");
  return check_nodes(page);
}

/// Nodes fill the page from `upper` on without a gap, whatever their order.
bool checker::check_nodes(const level& page) {
  places_.clear();
  for (std::size_t i = 0; i < page.count(); ++i) {
    const auto at = page.offset(i);
    if (at < page.upper() || at % 2 != 0 || at + node_header_bytes > page_bytes_) {
      return fault(page.number, fmt::format("node {} is outside", i));
    }
    if (load<std::uint16_t>(page.bytes, at + 6) > key_bytes_max) {
      return fault(page.number, fmt::format("node {} has a key longer than keys are", i));
    }
    const auto size = even(page.node_bytes(i));
    if (size > page_bytes_ - at) return fault(page.number, fmt::format("node {} is longer than the page", i));
    places_.emplace_back(at, size);
  }
  std::sort(places_.begin(), places_.end());
  auto end = page.upper();
  for (const auto& [at, size] : places_) {
    if (at != end) return fault(page.number, "has nodes that overlap, or a gap between them");
    end += size;
  }
  return end == page_bytes_ || fault(page.number, "has a gap behind its nodes");
}

// ---- keys

std::strong_ordering compare(bytes_view a, bytes_view b, bool integers) noexcept {
  if (integers) return load<std::uint64_t>(a, 0) <=> load<std::uint64_t>(b, 0);
  const auto common = std::min(a.size(), b.size());
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  return order != 0 ? order <=> 0 : a.size() <=> b.size();
}

bool sound_key(bytes_view key, bool integers) noexcept {
  return integers ? key.size() == sizeof(std::uint64_t) : !key.empty();
}

/// The walk goes into child `next` of a branch: the key there is above all before and not above any behind. The first
/// child has no key that counts.
bool checker::check_separator(const level& page, const tree& of) {
  if (page.next == 0) return true;
  const auto key = page.key(page.next);
  const bool integers = (of.flags & integer_keys) != 0;
  if (!sound_key(key, integers)) return fault(page.number, "has a key of a wrong size");
  if (!any_key_ || compare(bytes_view(last_key_), key, integers) >= 0) return fault(page.number, "is out of order");
  separator_.assign(key.begin(), key.end());
  any_separator_ = true;
  return true;
}

bool checker::check_key(const level& page, bytes_view key, const tree& of) {
  const bool integers = (of.flags & integer_keys) != 0;
  if (!sound_key(key, integers)) return fault(page.number, "has a key of a wrong size");
  if (any_separator_ && compare(key, bytes_view(separator_), integers) < 0) {
    return fault(page.number, "has a key that belongs before it");
  }
  if (any_key_ && compare(bytes_view(last_key_), key, integers) >= 0) return fault(page.number, "is out of order");
  last_key_.assign(key.begin(), key.end());
  any_key_ = true;
  return true;
}

// ---- trees

/// Every node of every leaf, in order, its page and key checked.
template <class Visit>
bool checker::walk(const tree& of, Visit visit) {
  any_key_ = any_separator_ = false;
  depth_ = 0;
  if (of.root == no_page) return of.depth == 0 || fault(0, "an empty tree has a depth");
  if (of.depth == 0 || of.depth > depth_max) return fault(0, fmt::format("a tree of depth {}", of.depth));
  if (!push(of.root, of)) return false;
  while (depth_ > 0) {
    level& top = path_[depth_ - 1];
    if (top.next == top.count()) {
      --depth_;
    } else if (top.is_leaf()) {
      const node each = top.leaf_node(top.next++);
      if (!check_key(top, each.key, of)) return false;
      if (!visit(std::as_const(top), each)) return false;
    } else {
      if (!check_separator(top, of)) return false;
      if (!push(top.child(top.next++), of)) return false;
    }
  }
  return true;
}

/// A value too long for a leaf has pages of its own, in a row; only the first of them has a header.
bool checker::check_overflow(const level& page, const node& each) {
  if ((each.flags & big_node) == 0) return true;
  const auto first = load<page_number>(each.data, 0);
  if (first < 2 || first > last_) return fault(page.number, fmt::format("leads to page {} of {}", first, last_));
  std::array<std::byte, page_header_bytes> header{};
  if (!read(first * page_bytes_, header)) return false;
  if (load<std::uint64_t>(header, 0) != first) return fault(first, "has another number");
  if (load<std::uint16_t>(header, 10) != overflow_page) return fault(first, "is not an overflow page");
  const std::uint64_t pages = load<std::uint32_t>(header, 12);
  const auto needed = (page_header_bytes - 1 + std::uint64_t{each.data_bytes}) / page_bytes_ + 1;
  if (pages < needed || pages > last_ - first + 1) return fault(first, "has a number of pages that cannot be");
  if ((first + pages) * page_bytes_ > file_bytes_) return fault(first + pages - 1, "the file ends before it");
  return mark(first, pages);
}

/// A node of the main tree: one of the named databases.
bool checker::check_named(const level& page, const node& each, std::vector<tree>& named, tree& stamped) {
  if ((each.flags & ~(big_node | tree_node)) != 0) return fault(page.number, "has a kind of node that is not used");
  if ((each.flags & tree_node) == 0) return check_overflow(page, each);
  if ((each.flags & big_node) != 0 || each.data_bytes != tree_bytes || named.size() == trees_max) {
    return fault(page.number, "names a database that cannot be");
  }
  const tree found = load_tree(each.data, 0);
  if (found.flags != 0 && found.flags != integer_keys) return fault(page.number, "has a database of an unused kind");
  named.push_back(found);
  const std::string_view name(reinterpret_cast<const char*>(each.key.data()), each.key.size());
  if (!stamp_.database.empty() && name == stamp_.database) stamped = named.back();
  return true;
}

bool checker::check_stamp(const level& page, const node& each, const meta& of) {
  const std::string_view name(reinterpret_cast<const char*>(each.key.data()), each.key.size());
  if (name != stamp_.name) return true;
  if ((each.flags & big_node) != 0 || each.data_bytes < sizeof(std::uint64_t)) {
    return fault(page.number, "the transaction's own number is not there");
  }
  const auto written = load<std::uint64_t>(each.data, 0);
  if (written == of.transaction) return true;
  const page_number said_in = &of == metas_.data() ? 0 : 1;
  return fault(said_in, fmt::format("says transaction {}, its pages say {}", of.transaction, written));
}

/// The trees of a transaction: main, those it names, and the free list.
bool checker::check_trees(const meta& of) {
  last_ = of.last;
  used_.assign(last_ / 64 + 1, 0);
  std::vector<tree> named;
  tree stamped;
  const auto on_named = [&](const level& page, const node& each) { return check_named(page, each, named, stamped); };
  if (!walk(of.main, on_named)) return false;
  for (const tree& each : named) {
    const bool has_stamp = !stamp_.database.empty() && each.root == stamped.root && each.root != no_page;
    const auto on_value = [&](const level& page, const node& value) {
      if ((value.flags & ~big_node) != 0) return fault(page.number, "has a kind of node that is not used");
      if (has_stamp && !check_stamp(page, value, of)) return false;
      return check_overflow(page, value);
    };
    if (!walk(each, on_value)) return false;
  }
  return walk(of.free_list, [&](const level& page, const node& each) { return check_free(page, each); });
}

/// Whether the earlier meta page is the transaction it says it is. Its other trees may have been given up already.
bool checker::ask_earlier() {
  const meta& of = metas_[1 - later_];
  if (stamp_.database.empty() || of.main.root == no_page) return true;
  last_ = of.last;
  used_.assign(last_ / 64 + 1, 0);
  std::vector<tree> named;
  tree stamped;
  const auto on_named = [&](const level& page, const node& each) { return check_named(page, each, named, stamped); };
  if (!walk(of.main, on_named)) return false;
  return walk(stamped, [&](const level& page, const node& each) { return check_stamp(page, each, of); });
}

// ---- the free list

/// Page numbers in falling order behind their count; the value may be longer than that.
bool checker::check_free(const level& page, const node& each) {
  if ((each.flags & ~big_node) != 0) return fault(page.number, "has a kind of node that is not used");
  if (load<std::uint64_t>(each.key, 0) > metas_[later_].transaction) return fault(page.number, "frees ahead of time");
  if (each.data_bytes < sizeof(page_number)) return fault(page.number, "has a free list without a count");
  if (!check_overflow(page, each)) return false;
  const bool big = (each.flags & big_node) != 0;
  const auto start = big ? load<page_number>(each.data, 0) * page_bytes_ + page_header_bytes : 0;
  std::array<std::byte, 4096> piece{};
  if (big && !read(start, std::span(piece).first(sizeof(page_number)))) return false;
  const auto count = load<std::uint64_t>(big ? bytes_view(piece) : each.data, 0);
  if (count > each.data_bytes / sizeof(page_number) - 1)
    return fault(page.number, "counts more free pages than it has");
  page_number above = no_page;
  if (!big) return check_free_pages(page.number, each.data.subspan(8, count * sizeof(page_number)), above);
  for (std::uint64_t done = 0; done < count;) {
    const auto n = std::min<std::uint64_t>(count - done, piece.size() / sizeof(page_number));
    const auto numbers = std::span(piece).first(n * sizeof(page_number));
    if (!read(start + (1 + done) * sizeof(page_number), numbers)) return false;
    if (!check_free_pages(page.number, numbers, above)) return false;
    done += n;
  }
  return true;
}

bool checker::check_free_pages(page_number at, bytes_view numbers, page_number& above) {
  for (std::size_t i = 0; i < numbers.size(); i += sizeof(page_number)) {
    const auto number = load<page_number>(numbers, i);
    if (number < 2 || number > last_ || number >= above) {
      return fault(at, fmt::format("offers page {} of {} as free, out of order", number, last_));
    }
    if (!mark(number, 1)) return false;
    above = number;
  }
  return true;
}

result<page_check_result, failure> checker::run() {
  struct stat about {};
  if (::fstat(descriptor_, &about) != 0) {
    (void)system_fault();
    return failed_;
  }
  file_bytes_ = static_cast<std::uint64_t>(about.st_size);
  if (!read_metas() || !check_metas() || !check_trees(metas_[later_]) || !ask_earlier()) return failed_;
  return page_check_result{.pages = metas_[later_].last + 1, .transaction = metas_[later_].transaction};
}

}  // namespace

result<page_check_result, failure> check_pages(int descriptor, const transaction_stamp& stamp) {
  return checker(descriptor, stamp).run();
}

}  // namespace broadside::journal
