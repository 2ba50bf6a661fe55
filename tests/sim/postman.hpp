// sim/postman - what providers tell of the messages that they took, as their callbacks have it, and when they come.
//
// Words, repeats and delays are drawn for each message; callbacks that nobody may believe come in between. What was not
// taken comes again later, as providers do. The bodies are written here by hand: what reads them is looked at.
#pragma once

#include <array>
#include <broadside/event.hpp>
#include <broadside/testing/simulation.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <sim/plan.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace broadside::sim {

/// What is wrong with a callback that nobody may believe.
enum class junk : std::uint8_t { none, garbage, wrong_secret, unknown_campaign, unknown_row };

/// One report of one message.
struct letter {
  std::string id{};         ///< the message's, as printed
  std::string reference{};  ///< as the message had it
  std::string to{};         ///< digits
  std::size_t provider = 0;
  delivery word{};
  bool as_sms = false;
  junk wrong{};

  [[nodiscard]] bool is_final() const noexcept { return word > delivery::underway; }
};

/// One request of a provider.
struct callback {
  std::size_t provider = 0;
  std::string target{};
  std::string body{};
  std::vector<letter> letters{};  ///< at least one; those of junk are alone

  [[nodiscard]] bool is_junk() const noexcept { return letters.front().wrong != junk::none; }
};

class postman {
 public:
  explicit postman(const plan& p) : plan_(p) {}

  /// All messages that providers took so far: what will be told of those that it has not seen yet.
  void collect(std::span<const testing::acceptance>);
  /// The next that is due; nothing: none is.
  [[nodiscard]] std::optional<callback> next(time_point now);
  /// It was not taken: it comes again, and nothing else of its provider before it.
  void comes_again(const callback&, time_point now);
  /// When the next comes; time_point::max(): nothing is on its way.
  [[nodiscard]] time_point next_due() const;
  /// What is told of it once more, for who wants to see that it is known.
  [[nodiscard]] static callback once_more(const letter&, const plan&);

 private:
  void write_letters(const testing::acceptance&, number index);
  void add(letter, time_point due);

  const plan plan_;
  std::size_t seen_ = 0;
  std::uint64_t order_ = 0;
  std::array<std::map<std::pair<time_point, std::uint64_t>, letter>, routes_max> waiting_{};
  std::array<time_point, routes_max> rests_until_{};
};

}  // namespace broadside::sim
