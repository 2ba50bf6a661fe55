// send/intake - the audience's rows into the engine: read, skipped when they were taken before, submitted in batches.
//
// One thread. Memory: the reader's, and a number for each message inside. A batch is submitted where it was read.
#pragma once

#include <broadside/audience_reader.hpp>
#include <broadside/engine.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>
#include "audience_input.hpp"
#include "audience_rows.hpp"
#include "report.hpp"

namespace broadside::send {

/// Told of rows on their way.
struct intake_listener {
  std::function<void(const audience_row&)> bad;      ///< cannot be submitted
  std::function<void(const audience_row&)> skipped;  ///< an earlier run submitted it
};

class intake {
 public:
  /// `input` outlives it.
  intake(audience_input& input, const audience_options& how) : input_(&input), reader_(how) {}

  // before the engine is there: whether the header and the first record can be read
  [[nodiscard]] audience_step next_first();
  void read_block();
  [[nodiscard]] bool at_end() const noexcept { return input_->at_end(); }
  [[nodiscard]] const std::vector<std::string>& errors() const noexcept { return reader_.errors(); }
  [[nodiscard]] const std::string& input_error() const noexcept { return input_->error(); }

  /// Rows below `resume` are skipped; of those in `remembered` the lines are kept for line_of().
  void begin(source_id, std::uint64_t resume, std::unordered_set<std::uint64_t> remembered, intake_listener);

  // the loop; each says whether it did something
  bool read_rows();
  /// What stopped the engine from taking all, a default errc when nothing did.
  bool submit_batch(engine&, errc& stopped_by);

  /// No more rows are read, and those of the batch that the engine did not take are as if they had not been read.
  void stop();
  /// The audience was read to its end, or its reading failed: see input_error().
  [[nodiscard]] bool is_read() const noexcept { return !reading_; }
  /// Nothing of what was read waits for the engine.
  [[nodiscard]] bool is_submitted() const noexcept { return batch_done_ == batch_.recipients.size(); }
  /// What to poll() for more rows; -1: they do not have to be waited for, or none are wanted.
  [[nodiscard]] int waits_on() const noexcept;

  /// Line of a message that this run submitted, once; nothing: it did not.
  [[nodiscard]] std::optional<std::uint64_t> take_line(std::uint64_t row);
  /// Line of a remembered row, 0 when it is not known (yet).
  [[nodiscard]] std::uint64_t line_of(std::uint64_t row) const;

  [[nodiscard]] std::uint64_t rows() const noexcept { return rows_read_; }
  [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }
  [[nodiscard]] std::uint64_t rows_bad() const noexcept { return bad_count_; }
  [[nodiscard]] const reason_counts& bad_rows() const noexcept { return bad_rows_; }
  [[nodiscard]] std::uint64_t submitted() const noexcept { return submitted_; }
  /// Behind the last row that the engine took, in this run or before.
  [[nodiscard]] std::uint64_t next_row() const noexcept { return next_row_; }
  [[nodiscard]] const audience_input& input() const noexcept { return *input_; }

 private:
  void take_rows();
  void take_bad(const audience_row&);
  void skip(const audience_row&);

  audience_input* input_;
  audience_reader reader_;
  bool reading_ = true;
  audience_step first_ = audience_step::more;  // what next_first() found, which is in batch_

  audience_batch batch_;
  std::size_t batch_done_ = 0;

  source_id source_{};
  std::uint64_t resume_ = 0;
  std::uint64_t next_row_ = 0;
  intake_listener listener_;
  std::unordered_map<std::uint64_t, std::uint64_t> lines_;  // of each message of this run that is inside, by row
  std::unordered_set<std::uint64_t> remembered_;
  std::unordered_map<std::uint64_t, std::uint64_t> remembered_lines_;

  std::uint64_t rows_read_ = 0;
  std::uint64_t skipped_ = 0;
  std::uint64_t bad_count_ = 0;
  std::uint64_t submitted_ = 0;
  reason_counts bad_rows_;
};

}  // namespace broadside::send
