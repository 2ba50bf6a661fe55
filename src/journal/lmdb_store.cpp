// journal/lmdb_store - LMDB as a store: one environment a folder, four named databases, nothing cleverer than needed.
//
// LMDB keeps locks by process and file: the same file must not be open twice in one, so open ones are noted here. A
// write that fails leaves LMDB's idea of the file in doubt; the environment is then opened again, the file checked,
// before the next attempt. Readers hold the environment shared meanwhile.
//
// What was looked at of the mapped file stays mapped until somebody says otherwise, and counts as the process's memory
// meanwhile: every megabyte or so it is let go, and whoever needs a page again finds it in the system's cache.
#include <fcntl.h>
#include <fmt/format.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <journal/byte_codec.hpp>
#include <journal/descriptor.hpp>
#include <journal/lmdb_store.hpp>
#include <journal/lock_file.hpp>
#include <journal/page_check.hpp>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <system_error>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace broadside::journal {
namespace {

constexpr std::uint64_t store_format = 1;
constexpr std::size_t name_bytes_max = 400;
// The store's own values: no host's name starts with a zero byte.
constexpr std::string_view format_name{"\0format", 7};
constexpr std::string_view transaction_name{"\0transaction", 12};
constexpr std::array<const char*, 4> database_names{"log", "history", "quarantine", "values"};
constexpr std::size_t values_index = 3;
constexpr transaction_stamp stamp{.database = "values", .name = transaction_name};
/// Looks at pages that were not mapped, each of which the system answers by mapping the neighbours too: 64 KiB.
constexpr std::uint64_t looks_max = 16;

failure fault(const std::string& path, error_code code, std::string what) { return {code, {{path, std::move(what)}}}; }

error_code system_error(int code) noexcept { return {code, boost::system::system_category()}; }

failure system_failure(const std::string& path) {
  const auto code = system_error(errno);
  return fault(path, code, code.message());
}

/// What LMDB answered in our words. Its own codes are negative, the system's positive.
error_code code_of(int answer) noexcept {
  switch (answer) {
    case MDB_SUCCESS:
      return {};
    case MDB_MAP_FULL:
      return errc::journal_full;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_INCOMPATIBLE:
    case MDB_NOTFOUND:
    case MDB_BAD_DBI:
      return errc::journal_damaged;
    case MDB_VERSION_MISMATCH:
      return errc::journal_too_new;
    case MDB_BAD_VALSIZE:
      return errc::invalid_argument;
    default:
      return answer > 0 ? system_error(answer) : error_code{errc::journal_faulty};
  }
}

MDB_val view_of(const void* bytes, std::size_t n) noexcept {
  return {n, const_cast<void*>(bytes)};  // NOLINT: LMDB does not write through keys and data it is given
}
MDB_val view_of(std::string_view text) noexcept { return view_of(text.data(), text.size()); }
std::string_view text_of(const MDB_val& value) noexcept {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// ---- values: behind the bytes a checksum of name and bytes, since LMDB has none

using value_sum = std::uint64_t;

value_sum sum_of(std::string_view name, std::string_view bytes) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), XXH3_64bits(name.data(), name.size()));
}

int put_value(MDB_txn* in, MDB_dbi values, std::string_view name, std::string_view bytes) noexcept {
  MDB_val key = view_of(name);
  MDB_val room = view_of(nullptr, bytes.size() + sizeof(value_sum));
  if (const int answer = mdb_put(in, values, &key, &room, MDB_RESERVE); answer != 0) return answer;
  byte_writer to(static_cast<std::byte*>(room.mv_data));
  to.bytes(bytes.data(), bytes.size());
  to.fixed(sum_of(name, bytes));
  return 0;
}

/// The bytes of a stored value; none: they are not what was written.
std::optional<std::string_view> value_of(std::string_view name, std::string_view stored) noexcept {
  if (stored.size() < sizeof(value_sum)) return std::nullopt;
  const auto bytes = stored.substr(0, stored.size() - sizeof(value_sum));
  byte_reader from(std::as_bytes(std::span(stored)).subspan(bytes.size()));
  if (from.fixed<value_sum>() != sum_of(name, bytes)) return std::nullopt;
  return bytes;
}

// ---- handles

struct close_environment {
  void operator()(MDB_env* it) const noexcept { mdb_env_close(it); }
};
using environment_handle = std::unique_ptr<MDB_env, close_environment>;

struct abort_transaction {
  void operator()(MDB_txn* it) const noexcept { mdb_txn_abort(it); }
};
using transaction_handle = std::unique_ptr<MDB_txn, abort_transaction>;

struct close_cursor {
  void operator()(MDB_cursor* it) const noexcept { mdb_cursor_close(it); }
};
using cursor_handle = std::unique_ptr<MDB_cursor, close_cursor>;

// ---- files that are open in this process

class open_file {
 public:
  /// False: it is open already.
  [[nodiscard]] bool note(int descriptor) {
    struct stat about {};
    if (::fstat(descriptor, &about) != 0) return false;
    const std::scoped_lock lock(guard());
    const identity mine{about.st_dev, about.st_ino};
    if (std::ranges::find(all(), mine) != all().end()) return false;
    all().push_back(mine);
    noted_ = mine;
    return true;
  }
  open_file() = default;
  open_file(open_file&& from) noexcept : noted_(std::exchange(from.noted_, std::nullopt)) {}
  open_file& operator=(open_file&& from) noexcept {
    std::swap(noted_, from.noted_);
    return *this;
  }
  ~open_file() {
    if (!noted_) return;
    const std::scoped_lock lock(guard());
    std::erase(all(), *noted_);
  }

 private:
  using identity = std::pair<dev_t, ino_t>;
  static std::mutex& guard() {
    static std::mutex one;
    return one;
  }
  static std::vector<identity>& all() {
    static std::vector<identity> files;
    return files;
  }
  std::optional<identity> noted_{};
};

// ---- the folder

constexpr mode_t folder_mode = 0700;
constexpr mode_t file_mode = 0600;
constexpr const char* data_name = "data.mdb";
constexpr const char* locks_name = "lock.mdb";
constexpr off_t locks_bytes = 16 * 1024;  // more than LMDB's table of 126 readers

/// What is open of a folder while a store is.
struct journal_folder {
  std::string path{};
  std::optional<lock_file> lock{};  // of a writer, or against one
  descriptor folder{};
  descriptor data{};
  open_file noted{};
  unsigned flags = MDB_NOTLS;
};

/// A new entry of a folder lasts only once the folder is on the disk.
bool sync_folder(const std::string& path) noexcept {
  const descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.open() && ::fsync(folder.number()) == 0;
}

result<void, failure> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), folder_mode) != 0) {
    if (errno != EEXIST) return system_failure(path);
    return {};
  }
  const auto parent = std::filesystem::path(path).parent_path().string();
  if (!sync_folder(parent.empty() ? "." : parent)) return system_failure(path);
  return {};
}

/// A regular file of the folder, and no link to one elsewhere.
result<descriptor, failure> open_in(const journal_folder& in, const char* name, int flags) {
  const auto path = in.path + '/' + name;
  descriptor file(::openat(in.folder.number(), name, flags | O_NOFOLLOW | O_CLOEXEC, file_mode));
  struct stat about {};
  if (!file.open() || ::fstat(file.number(), &about) != 0) return system_failure(path);
  if (!S_ISREG(about.st_mode)) return fault(path, errc::journal_damaged, "is not a file");
  return file;
}

/// LMDB maps its lock file: room for it is taken first, for on a full disk a mapped file cannot say so.
result<void, failure> prepare_locks(const journal_folder& in) {
  auto file = open_in(in, locks_name, O_RDWR | O_CREAT);
  if (!file) return std::move(file).error();
  const int answer = ::posix_fallocate(file->number(), 0, locks_bytes);
  if (answer == 0 || answer == EOPNOTSUPP || answer == EINVAL) return {};
  return fault(in.path + '/' + locks_name, system_error(answer), system_error(answer).message());
}

result<void, failure> open_data(journal_folder& in, access how) {
  in.folder = descriptor(::open(in.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!in.folder.open()) return system_failure(in.path);
  if (how == access::write) {
    auto lock = lock_file::take(in.path);
    if (!lock) return std::move(lock).error();
    in.lock = std::move(*lock);
  }
  auto data = open_in(in, data_name, how == access::write ? O_RDWR | O_CREAT : O_RDONLY);
  if (!data) return std::move(data).error();
  in.data = std::move(*data);
  if (!in.noted.note(in.data.number())) return fault(in.path, errc::journal_in_use, "is open in this process already");
  return {};
}

/// A reader needs a place in LMDB's lock file, so that no writer gives away what it reads; where it cannot have one, it
/// keeps writers out altogether.
result<void, failure> prepare_reader(journal_folder& in) {
  in.flags |= MDB_RDONLY;
  const bool locks = ::faccessat(in.folder.number(), locks_name, W_OK, AT_EACCESS) == 0;
  const bool room = errno == ENOENT && ::faccessat(in.folder.number(), ".", W_OK, AT_EACCESS) == 0;
  if (locks || room) return prepare_locks(in);
  auto lock = lock_file::keep_writers_out(in.path);
  if (!lock) return std::move(lock).error();
  in.lock = std::move(*lock);
  in.flags |= MDB_NOLOCK;
  return {};
}

result<journal_folder, failure> open_folder(const lmdb_options& how) {
  journal_folder made;
  made.path = how.path;
  while (made.path.size() > 1 && made.path.back() == '/') made.path.pop_back();  // a link with a slash is followed
  if (how.how == access::write) {
    if (auto folder = make_folder(made.path); !folder) return folder.error();
  }
  if (auto data = open_data(made, how.how); !data) return data.error();
  auto ready = how.how == access::write ? prepare_locks(made) : prepare_reader(made);
  if (!ready) return ready.error();
  return made;
}

// ---- checking

/// Both meta pages, whatever the page size: to see whether a writer was there in between.
std::string heads_of(int file) {
  std::string bytes(2 * std::size_t{32'768}, '\0');
  const auto n = ::pread(file, bytes.data(), bytes.size(), 0);
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

failure with_path(failure what, const std::string& folder) {
  for (auto& each : what.violations) each.field = folder + '/' + each.field;
  return what;
}

/// A reader may look while a writer writes: what it reads is then of two times, and tells nothing. After some tries it
/// trusts the writer, who looked when it opened the file.
result<page_check_result, failure> check_file(const journal_folder& in, bool alone) {
  constexpr int tries = 4;
  const int file = in.data.number();
  for (int left = tries;;) {
    const std::string before = heads_of(file);
    auto checked = check_pages(file, stamp);
    if (checked) return checked;
    if (alone || before == heads_of(file)) return with_path(std::move(checked).error(), in.path);
    if (--left == 0) return page_check_result{.transaction = 1};  // not a new file
  }
}

// ---- the store

class lmdb_store final : public store {
 public:
  lmdb_store(journal_folder folder, const lmdb_options& how) : folder_(std::move(folder)), options_(how) {}

  [[nodiscard]] result<void, failure> open();

  [[nodiscard]] error_code commit(const store_batch&, bool sync) noexcept override;
  [[nodiscard]] error_code sync() noexcept override;
  [[nodiscard]] error_code scan_chunks(chunk_row, chunk_number from,
                                       const std::function<bool(chunk_number, bytes_view)>& each) const override;
  [[nodiscard]] error_code scan_values(
      std::string_view prefix, const std::function<bool(std::string_view, std::string_view)>& each) const override;
  [[nodiscard]] store_size size() const noexcept override;

 private:
  [[nodiscard]] bool writes() const noexcept { return options_.how == access::write; }
  [[nodiscard]] int open_environment();
  [[nodiscard]] int create();
  [[nodiscard]] int open_databases(MDB_txn*, unsigned flags) noexcept;
  [[nodiscard]] result<void, failure> recognise();
  [[nodiscard]] result<std::string, failure> own_value(MDB_txn*, std::string_view name) const;

  [[nodiscard]] int apply(MDB_txn*, const store_batch&) noexcept;
  [[nodiscard]] int erase_before(MDB_txn*, chunk_row, chunk_number) noexcept;
  [[nodiscard]] int put_stamp(MDB_txn*) noexcept;
  [[nodiscard]] std::uint64_t used_in(MDB_txn*) const noexcept;
  [[nodiscard]] int try_commit(const store_batch&, bool sync) noexcept;
  [[nodiscard]] error_code reopen() noexcept;
  [[nodiscard]] error_code open_again(std::uint64_t known);
  error_code given_up(std::uint64_t known, error_code why) noexcept;
  [[nodiscard]] error_code failed(int answer, bool syncing, std::uint64_t bytes) noexcept;
  [[nodiscard]] bool disk_is_full(std::uint64_t bytes) const noexcept;

  [[nodiscard]] int begin_read(std::shared_lock<std::shared_mutex>&, transaction_handle&) const;
  [[nodiscard]] bool looked_enough(std::uint64_t looks) const noexcept;
  void let_go(MDB_txn*) const noexcept;
  [[nodiscard]] MDB_dbi database(chunk_row row) const noexcept { return databases_[static_cast<std::size_t>(row)]; }

  // constant after open()
  journal_folder folder_;
  lmdb_options options_;

  // replaced by the writer with the lock alone, used by all with it shared
  mutable std::shared_mutex replacing_{};
  environment_handle environment_{};
  std::array<MDB_dbi, database_names.size()> databases_{};

  // the writer's
  std::uint64_t transaction_ = 0;  // the last one that was committed
  bool unsynced_ = false;          // something committed was not asked to be on the disk yet
  error_code lost_{};              // a sync failed with such commits before it: nobody can tell what the disk has

  std::atomic<std::uint64_t> bytes_used_{0};
  mutable std::atomic<std::uint64_t> looks_{0};  // since the mapped file was let go
};

int lmdb_store::open_environment() {
  MDB_env* made = nullptr;
  if (const int answer = mdb_env_create(&made); answer != 0) return answer;
  environment_.reset(made);
  constexpr std::uint64_t granule = 64 * 1024;  // a multiple of any page size
  const auto bytes = std::max(options_.bytes_max / granule, std::uint64_t{4}) * granule;
  if (const int answer = mdb_env_set_mapsize(made, bytes); answer != 0) return answer;
  if (const int answer = mdb_env_set_maxdbs(made, database_names.size()); answer != 0) return answer;
  // No MDB_WRITEMAP: a disk that is full or broken answers a write, where a mapped page would end the process.
  if (const int answer = mdb_env_open(made, folder_.path.c_str(), folder_.flags, file_mode); answer != 0) return answer;
  int dead = 0;  // readers that ended without giving their place back
  return (folder_.flags & MDB_NOLOCK) != 0 ? 0 : mdb_reader_check(made, &dead);
}

int lmdb_store::open_databases(MDB_txn* in, unsigned flags) noexcept {
  for (std::size_t i = 0; i < databases_.size(); ++i) {
    const unsigned keys = i == values_index ? 0U : unsigned{MDB_INTEGERKEY};
    if (const int answer = mdb_dbi_open(in, database_names[i], flags | keys, &databases_[i]); answer != 0)
      return answer;
  }
  return 0;
}

/// The first transaction of a new file.
int lmdb_store::create() {
  MDB_txn* begun = nullptr;
  if (const int answer = mdb_txn_begin(environment_.get(), nullptr, 0, &begun); answer != 0) return answer;
  transaction_handle in(begun);
  if (const int answer = open_databases(begun, MDB_CREATE); answer != 0) return answer;
  std::array<std::byte, sizeof store_format> bytes{};
  byte_writer(bytes.data()).fixed(store_format);
  const std::string_view format(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const int answer = put_value(begun, databases_[values_index], format_name, format); answer != 0) return answer;
  if (const int answer = put_stamp(begun); answer != 0) return answer;
  if (const int answer = mdb_txn_commit(in.release()); answer != 0) return answer;
  return ::fsync(folder_.folder.number()) == 0 ? 0 : errno;
}

result<std::string, failure> lmdb_store::own_value(MDB_txn* in, std::string_view name) const {
  MDB_val key = view_of(name);
  MDB_val stored{};
  const int answer = mdb_get(in, databases_[values_index], &key, &stored);
  const auto what = std::string(name.substr(1));
  if (answer != 0) return fault(folder_.path, code_of(answer), "does not have its " + what);
  const auto bytes = value_of(name, text_of(stored));
  if (!bytes || bytes->size() != sizeof(std::uint64_t)) {
    return fault(folder_.path, errc::journal_damaged, "has a " + what + " that cannot be read");
  }
  return std::string(*bytes);
}

/// Whether this is a journal that we read, and in the state that its last commit left.
result<void, failure> lmdb_store::recognise() {
  MDB_txn* begun = nullptr;
  int answer = mdb_txn_begin(environment_.get(), nullptr, MDB_RDONLY, &begun);
  if (answer != 0) return fault(folder_.path, code_of(answer), mdb_strerror(answer));
  transaction_handle in(begun);
  if (answer = open_databases(begun, 0); answer != 0) {
    return fault(folder_.path, code_of(answer), "does not have the databases of a journal");
  }
  const auto format_bytes = own_value(begun, format_name);
  if (!format_bytes) return format_bytes.error();
  const auto format = byte_reader(std::as_bytes(std::span(*format_bytes))).fixed<std::uint64_t>();
  if (format != store_format) {
    const auto code = format > store_format ? errc::journal_too_new : errc::journal_damaged;
    return fault(folder_.path, code, fmt::format("has format {}, this library reads format {}", format, store_format));
  }
  const auto written = own_value(begun, transaction_name);
  if (!written) return written.error();
  std::memcpy(&transaction_, written->data(), sizeof transaction_);
  if (const std::uint64_t here = mdb_txn_id(begun); here != transaction_) {
    return fault(folder_.path, errc::journal_damaged,
                 fmt::format("is at transaction {}, its pages are of transaction {}", here, transaction_));
  }
  bytes_used_ = used_in(begun);
  answer = mdb_txn_commit(in.release());  // which keeps the handles of the databases
  if (answer != 0) return fault(folder_.path, code_of(answer), mdb_strerror(answer));
  return {};
}

result<void, failure> lmdb_store::open() {
  struct stat about {};
  if (::fstat(folder_.data.number(), &about) != 0) return system_failure(folder_.path);
  page_check_result checked;
  if (about.st_size != 0) {
    auto answer = check_file(folder_, writes());
    if (!answer) return std::move(answer).error();
    checked = *answer;
  }
  const bool empty = checked.transaction == 0;
  if (empty && !writes()) return fault(folder_.path, errc::journal_damaged, "nothing was written to it yet");
  int answer = open_environment();
  if (answer == 0 && empty) answer = create();
  if (answer != 0) return fault(folder_.path, code_of(answer), mdb_strerror(answer));
  return recognise();
}

// ---- writing

int lmdb_store::put_stamp(MDB_txn* in) noexcept {
  const std::uint64_t number = mdb_txn_id(in);
  return put_value(in, databases_[values_index], transaction_name,
                   {reinterpret_cast<const char*>(&number), sizeof number});
}

int lmdb_store::erase_before(MDB_txn* in, chunk_row row, chunk_number before) noexcept {
  if (before == 0) return 0;
  MDB_cursor* opened = nullptr;
  if (const int answer = mdb_cursor_open(in, database(row), &opened); answer != 0) return answer;
  const cursor_handle cursor(opened);
  for (;;) {
    MDB_val key{};
    MDB_val bytes{};
    const int answer = mdb_cursor_get(opened, &key, &bytes, MDB_FIRST);
    if (answer == MDB_NOTFOUND) return 0;
    if (answer != 0) return answer;
    chunk_number number = 0;
    if (key.mv_size != sizeof number) return MDB_CORRUPTED;
    std::memcpy(&number, key.mv_data, sizeof number);
    if (number >= before) return 0;
    if (const int erased = mdb_cursor_del(opened, 0); erased != 0) return erased;
  }
}

bool valid_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= name_bytes_max && name.front() != 0;
}

int lmdb_store::apply(MDB_txn* in, const store_batch& batch) noexcept {
  // Erasing first: what goes makes room for what comes, as soon as no transaction needs it.
  if (const int answer = erase_before(in, chunk_row::log, batch.erase_log_before); answer != 0) return answer;
  if (const int answer = erase_before(in, chunk_row::history, batch.erase_history_before); answer != 0) return answer;
  for (const auto& each : batch.chunks) {
    chunk_number number = each.number;
    MDB_val key = view_of(&number, sizeof number);
    MDB_val bytes = view_of(each.bytes.data(), each.bytes.size());
    if (const int answer = mdb_put(in, database(each.row), &key, &bytes, 0); answer != 0) return answer;
  }
  const auto values = databases_[values_index];
  for (const auto& each : batch.values) {
    if (!valid_name(each.name)) return MDB_BAD_VALSIZE;
    MDB_val key = view_of(each.name);
    const int answer = each.bytes ? put_value(in, values, each.name, *each.bytes) : mdb_del(in, values, &key, nullptr);
    if (answer != 0 && !(answer == MDB_NOTFOUND && !each.bytes)) return answer;
  }
  return put_stamp(in);
}

std::uint64_t lmdb_store::used_in(MDB_txn* in) const noexcept {
  std::uint64_t pages = 2;  // the meta pages
  MDB_stat about{};
  const auto add = [&](MDB_dbi each) {
    if (mdb_stat(in, each, &about) == 0) pages += about.ms_branch_pages + about.ms_leaf_pages + about.ms_overflow_pages;
  };
  constexpr std::array<MDB_dbi, 2> lists{0, 1};  // the free list, and the list of the databases
  for (const auto each : lists) add(each);
  for (const auto each : databases_) add(each);
  return pages * about.ms_psize;
}

/// Kept free of new chunks, so that erasing old ones always has the pages it needs to write down what is left.
std::uint64_t kept_free(std::uint64_t bytes_max) noexcept {
  return std::clamp<std::uint64_t>(bytes_max / 64, 256 * 1024, std::uint64_t{16} << 20U);
}

/// A meta page as it stood before a commit that overwrites it. An LMDB that cannot write one puts the number of the
/// transaction before back in its place, but not that one's trees: whoever opened the file then, after a crash, would
/// find pages that do not know the number.
class earlier_meta {
 public:
  earlier_meta(int file, MDB_txn* in) noexcept : file_(file) {
    MDB_stat about{};
    if (mdb_env_stat(mdb_txn_env(in), &about) != 0) return;
    at_ = static_cast<off_t>(mdb_txn_id(in) % 2 * about.ms_psize);
    known_ = ::pread(file_, bytes_.data(), bytes_.size(), at_) == static_cast<ssize_t>(bytes_.size());
  }
  /// As far as the disk takes it.
  void put_back() const noexcept {
    if (known_ && ::pwrite(file_, bytes_.data(), bytes_.size(), at_) < 0) return;
  }

 private:
  std::array<std::byte, 16 + 136> bytes_{};  // a page's header, and what LMDB keeps behind it
  int file_;
  off_t at_ = 0;
  bool known_ = false;
};

/// Pages that this thread looked at and the system had to map, ever; those of other memory too, which are few.
std::uint64_t looks_so_far() noexcept {
  struct rusage used {};
  return ::getrusage(RUSAGE_THREAD, &used) == 0 ? static_cast<std::uint64_t>(used.ru_minflt + used.ru_majflt) : 0;
}

/// True once in a while: then it is time to let the file go.
bool lmdb_store::looked_enough(std::uint64_t looks) const noexcept {
  if (looks_.fetch_add(looks, std::memory_order_relaxed) + looks < looks_max) return false;
  looks_.store(0, std::memory_order_relaxed);
  return true;
}

/// A page that can be read, and is the first of a journal's file: letting go of anything else would be forgetting it.
bool is_first_page(void* page, std::size_t page_bytes) noexcept {
  constexpr std::uint32_t magic = 0xBEEF'C0DE;  // of LMDB, behind a page's header
  unsigned char resident = 0;
  if (::mincore(page, page_bytes, &resident) != 0) return false;  // nothing is mapped there
  std::uint32_t found = 0;
  std::memcpy(&found, static_cast<const std::byte*>(page) + 16, sizeof found);
  return found == magic;
}

/// Where the mapped file begins, by a value in it: that stands in a leaf, which knows its number. Nothing when the
/// pages of the file are not those of the machine. Asked each time, because LMDB may map the file elsewhere.
void* mapped_at(MDB_txn* reader, MDB_dbi values, std::size_t page_bytes, std::uint64_t last_page) noexcept {
  constexpr std::size_t flags_at = 10;
  constexpr std::uint16_t leaf = 0x02;
  if (::sysconf(_SC_PAGESIZE) != static_cast<long>(page_bytes)) return nullptr;
  MDB_val key = view_of(format_name);
  MDB_val stored{};
  if (mdb_get(reader, values, &key, &stored) != 0) return nullptr;
  const auto* const at = static_cast<const std::byte*>(stored.mv_data);
  const auto* const page = at - reinterpret_cast<std::uintptr_t>(at) % page_bytes;
  std::uint64_t number = 0;
  std::uint16_t flags = 0;
  std::memcpy(&number, page, sizeof number);
  std::memcpy(&flags, page + flags_at, sizeof flags);
  if (flags != leaf || number > last_page) return nullptr;
  void* const first = const_cast<std::byte*>(page - number * page_bytes);  // NOLINT: it is not written to
  return is_first_page(first, page_bytes) ? first : nullptr;
}

/// What is mapped of the file is not the process's memory any more. It is a mapping of a file, shared and read only:
/// nothing of it can be lost, and a reader that holds a view, on whatever thread, gets the same bytes from the system's
/// cache with its next look. The transaction is one that reads: what it sees is in the file, not in a writer's memory.
void lmdb_store::let_go(MDB_txn* reader) const noexcept {
  MDB_stat about{};
  MDB_envinfo map{};
  MDB_env* const environment = mdb_txn_env(reader);
  if (mdb_env_stat(environment, &about) != 0 || mdb_env_info(environment, &map) != 0) return;
  const std::uint64_t bytes = (std::uint64_t{map.me_last_pgno} + 1) * about.ms_psize;
  void* const begin = mapped_at(reader, databases_[values_index], about.ms_psize, map.me_last_pgno);
  if (begin != nullptr && bytes <= map.me_mapsize) (void)::madvise(begin, bytes, MADV_DONTNEED);
}

int lmdb_store::try_commit(const store_batch& batch, bool sync) noexcept {
  if (const int answer = mdb_env_set_flags(environment_.get(), MDB_NOSYNC, sync ? 0 : 1); answer != 0) return answer;
  MDB_txn* begun = nullptr;
  if (const int answer = mdb_txn_begin(environment_.get(), nullptr, 0, &begun); answer != 0) return answer;
  transaction_handle in(begun);
  const std::uint64_t number = mdb_txn_id(begun);
  if (const int answer = apply(begun, batch); answer != 0) return answer;
  const auto used = used_in(begun);
  if (!batch.chunks.empty() && used + kept_free(options_.bytes_max) > options_.bytes_max) return MDB_MAP_FULL;
  const earlier_meta before(folder_.data.number(), begun);
  if (const int answer = mdb_txn_commit(in.release()); answer != 0) {
    before.put_back();
    return answer;
  }
  transaction_ = number;
  bytes_used_.store(used, std::memory_order_relaxed);
  return 0;
}

/// The state on the disk is in doubt: begin again from what is there, which is the last commit that went through, or
/// the one that failed.
error_code lmdb_store::reopen() noexcept {
  const auto known = transaction_;
  try {
    return open_again(known);
  } catch (...) {  // no memory
    return given_up(known, system_error(ENOMEM));
  }
}

error_code lmdb_store::open_again(std::uint64_t known) {
  const std::unique_lock alone(replacing_);
  environment_.reset();
  // Without the stamps: after a meta page that could not be written, the other one is what LMDB put in its place.
  if (const auto checked = check_pages(folder_.data.number()); !checked) return checked.error().code;
  if (const int answer = open_environment(); answer != 0) return given_up(known, code_of(answer));
  if (const auto there = recognise(); !there) return given_up(known, there.error().code);
  if (transaction_ == known || transaction_ == known + 1) return {};
  return given_up(known, errc::journal_damaged);
}

error_code lmdb_store::given_up(std::uint64_t known, error_code why) noexcept {
  environment_.reset();
  transaction_ = known;
  return why;
}

bool lmdb_store::disk_is_full(std::uint64_t bytes) const noexcept {
  constexpr std::uint64_t slack = 1024 * 1024;
  struct statvfs about {};
  if (::fstatvfs(folder_.data.number(), &about) != 0) return false;
  return std::uint64_t{about.f_bavail} * about.f_frsize < bytes + slack;
}

/// After an answer that is no success: what to tell, and the environment fit for another try.
error_code lmdb_store::failed(int answer, bool syncing, std::uint64_t bytes) noexcept {
  if (answer == MDB_BAD_VALSIZE) return code_of(answer);
  if (answer == MDB_MAP_FULL) {
    int dead = 0;  // a reader that died keeps pages from being used again
    (void)mdb_reader_check(environment_.get(), &dead);
    return code_of(answer);
  }
  // LMDB says EIO for a write that was cut short, which is how a full disk begins.
  const bool full = answer == ENOSPC || answer == EDQUOT || (answer == EIO && disk_is_full(bytes));
  const error_code code = answer == EIO && full ? system_error(ENOSPC) : code_of(answer);
  // What was committed without a sync may be among what the disk lost; the system will not say so a second time.
  if (syncing && unsynced_) lost_ = code;
  if (answer != ENOSPC && answer != EDQUOT && answer != ENOMEM) (void)reopen();
  return code;
}

error_code lmdb_store::commit(const store_batch& batch, bool sync) noexcept {
  if (!writes()) return errc::invalid_argument;
  if (sync && lost_) return lost_;
  if (!environment_) {
    if (const auto code = reopen()) return code;
  }
  const std::uint64_t before = looks_so_far();
  int answer = try_commit(batch, sync);
  if (answer == MDB_PANIC) {  // an earlier meta page could not be written
    if (const auto code = reopen()) return code;
    answer = try_commit(batch, sync);
  }
  std::uint64_t bytes = 0;
  for (const auto& each : batch.chunks) bytes += each.bytes.size();
  if (answer != 0) return failed(answer, sync, bytes);
  unsynced_ = !sync;
  if (MDB_txn* begun = nullptr;
      looked_enough(looks_so_far() - before) && mdb_txn_begin(environment_.get(), nullptr, MDB_RDONLY, &begun) == 0) {
    const transaction_handle reader(begun);
    let_go(begun);
  }
  return {};
}

error_code lmdb_store::sync() noexcept {
  if (!writes()) return errc::invalid_argument;
  if (lost_) return lost_;
  if (!environment_) {
    if (const auto code = reopen()) return code;
  }
  const int answer = mdb_env_sync(environment_.get(), 1);
  if (answer == 0) {
    unsynced_ = false;
    return {};
  }
  return failed(answer, true, 0);
}

// ---- reading

int lmdb_store::begin_read(std::shared_lock<std::shared_mutex>& shared, transaction_handle& out) const {
  MDB_txn* begun = nullptr;
  int answer = environment_ ? mdb_txn_begin(environment_.get(), nullptr, MDB_RDONLY, &begun) : MDB_PANIC;
  if (answer == MDB_MAP_RESIZED) {  // by a writer in another process, to which a larger file is allowed
    shared.unlock();
    {
      const std::unique_lock alone(replacing_);
      answer = mdb_env_set_mapsize(environment_.get(), 0);
    }
    shared.lock();
    if (answer == 0) answer = environment_ ? mdb_txn_begin(environment_.get(), nullptr, MDB_RDONLY, &begun) : MDB_PANIC;
  }
  out.reset(begun);
  return answer;
}

error_code lmdb_store::scan_chunks(chunk_row row, chunk_number from,
                                   const std::function<bool(chunk_number, bytes_view)>& each) const {
  std::shared_lock shared(replacing_);
  transaction_handle in;
  if (const int answer = begin_read(shared, in); answer != 0) return code_of(answer);
  MDB_cursor* opened = nullptr;
  if (const int answer = mdb_cursor_open(in.get(), database(row), &opened); answer != 0) return code_of(answer);
  const cursor_handle cursor(opened);
  MDB_val key = view_of(&from, sizeof from);
  MDB_val bytes{};
  std::uint64_t before = looks_so_far();
  int answer = mdb_cursor_get(opened, &key, &bytes, MDB_SET_RANGE);
  for (; answer == 0; answer = mdb_cursor_get(opened, &key, &bytes, MDB_NEXT)) {
    chunk_number number = 0;
    if (key.mv_size != sizeof number) return errc::journal_damaged;
    std::memcpy(&number, key.mv_data, sizeof number);
    const bool more = each(number, {static_cast<const std::byte*>(bytes.mv_data), bytes.mv_size});
    const std::uint64_t looks = looks_so_far();
    if (looked_enough(looks - std::exchange(before, looks))) let_go(in.get());
    if (!more) return {};
  }
  return answer == MDB_NOTFOUND ? error_code{} : code_of(answer);
}

error_code lmdb_store::scan_values(std::string_view prefix,
                                   const std::function<bool(std::string_view, std::string_view)>& each) const {
  if (!prefix.empty() && !valid_name(prefix)) return {};  // no value has such a name
  std::shared_lock shared(replacing_);
  transaction_handle in;
  if (const int answer = begin_read(shared, in); answer != 0) return code_of(answer);
  MDB_cursor* opened = nullptr;
  if (const int answer = mdb_cursor_open(in.get(), databases_[values_index], &opened); answer != 0) {
    return code_of(answer);
  }
  const cursor_handle cursor(opened);
  const std::string_view start = prefix.empty() ? std::string_view{"\1", 1} : prefix;  // behind the store's own
  MDB_val key = view_of(start);
  MDB_val stored{};
  int answer = mdb_cursor_get(opened, &key, &stored, MDB_SET_RANGE);
  for (; answer == 0; answer = mdb_cursor_get(opened, &key, &stored, MDB_NEXT)) {
    const auto name = text_of(key);
    if (!name.starts_with(prefix)) return {};
    const auto bytes = value_of(name, text_of(stored));
    if (!each(name, bytes.value_or(std::string_view{}))) return {};
  }
  return answer == MDB_NOTFOUND ? error_code{} : code_of(answer);
}

store_size lmdb_store::size() const noexcept {
  return {.bytes_used = bytes_used_.load(std::memory_order_relaxed), .bytes_max = options_.bytes_max};
}

}  // namespace

result<std::unique_ptr<store>, failure> open_lmdb_store(const lmdb_options& how) {
  auto folder = open_folder(how);
  if (!folder) return std::move(folder).error();
  auto made = std::make_unique<lmdb_store>(std::move(*folder), how);
  if (auto opened = made->open(); !opened) return std::move(opened).error();
  return std::unique_ptr<store>(std::move(made));
}

}  // namespace broadside::journal
