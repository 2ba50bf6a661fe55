// sim/host_book - what a host writes down of every row: when it was taken, and everything it was told of it.
//
// The host's database: no crash touches it. hear() holds every event against what was told before.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/event.hpp>
#include <cstdint>
#include <sim/audience.hpp>
#include <sim/plan.hpp>
#include <sim/problem.hpp>
#include <string>
#include <vector>

namespace broadside::sim {

/// One event as it was told.
struct telling {
  message_id id{};
  position at{};
  outcome how{};
  errc reason{};
  std::uint16_t attempts = 0;
  std::string status_code;
  unsigned engine = 0;      ///< which open() told it, from 0
  unsigned losses = 0;      ///< how often before something may have been lost
  std::uint64_t heard = 0;  ///< its number among all tellings
  time_point when{};
  bool redelivered = false;  ///< an earlier engine settled it
};

struct row_book {
  row_text text;
  bool inside = false;  ///< taken, so that an outcome is owed
  time_point taken{};   ///< the last time
  std::vector<telling> told;
};

struct source_book {
  std::vector<row_book> rows;
};

struct campaign_book {
  std::vector<source_book> sources;
};

/// A confirm(): everything told before it up to `at`.
struct confirmation {
  position at{};
  std::uint64_t heard = 0;  ///< tellings before it
  unsigned engine = 0;
};

class host_book {
 public:
  explicit host_book(const plan&);

  /// Which campaign an event is of, and how it was told.
  struct circumstances {
    std::size_t campaign = 0;
    unsigned engine = 0;
    bool redelivered = false;
    time_point now{};
  };
  /// Writes the event down. What is wrong with it.
  [[nodiscard]] verdict_of_check hear(const event&, const circumstances&);
  /// Rows were taken by submit().
  void taken(row_name first, std::size_t count, time_point now);
  /// A crash, or a stop that a faulty disk spoiled: with a record that is not synced before messages leave, what was
  /// told may be told otherwise from now on.
  void something_was_lost() { ++losses_; }
  /// Rows of the source from `first` on are not inside any more unless they were told: the engine forgot them.
  void forgotten(std::size_t campaign, std::size_t source, std::size_t first);
  /// An event that is no outcome was told: its number among all tellings.
  [[nodiscard]] std::uint64_t heard_another() noexcept { return heard_++; }
  void confirmed(position at, unsigned engine) { confirmations_.push_back({at, heard_, engine}); }

  [[nodiscard]] const std::vector<campaign_book>& campaigns() const noexcept { return campaigns_; }
  [[nodiscard]] const row_book& row(row_name at) const {
    return campaigns_[at.campaign].sources[at.source].rows[at.row];
  }
  [[nodiscard]] const std::vector<confirmation>& confirmations() const noexcept { return confirmations_; }
  [[nodiscard]] std::uint64_t heard() const noexcept { return heard_; }
  /// Taken and not told of since.
  [[nodiscard]] std::uint64_t owed() const noexcept { return owed_; }

 private:
  [[nodiscard]] verdict_of_check fits(const row_book&, const event&, const circumstances&) const;
  [[nodiscard]] verdict_of_check agrees(const telling& before, const event&, const circumstances&) const;
  [[nodiscard]] verdict_of_check gate(const row_text&, const event&) const;

  plan plan_;
  std::vector<campaign_book> campaigns_;
  std::vector<confirmation> confirmations_;
  std::uint64_t heard_ = 0;
  std::uint64_t owed_ = 0;
  unsigned losses_ = 0;
};

}  // namespace broadside::sim
