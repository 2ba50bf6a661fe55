// What is wrong with a campaign, without an engine: no account, no socket, nothing sent.
// README
#include <array>
#include <broadside/check.hpp>
#include <iostream>

using namespace broadside;

int main() {
  const campaign spring{.name = "spring sale",
                        .attributes = {"first_name"},
                        .subject = "Spring 🌷",
                        .text = "Hi {{ first_name }}, 20 % off: https://bit.ly/3xYz",
                        .media = {{.url = "https://media.example.com/sale.mp4", .mime_type = "video/mp4"}},
                        .sender = {.sender = "12345"}};
  const combined_limits limits(std::array{builtin_profile("sinch").value(), builtin_profile("omnisend").value()});
  const auto found = check(spring, limits, {.destinations = {"US", "CA"}});
  for (const finding& f : found) {
    std::cout << name_of(f.severity) << ' ' << f.where << ": " << f.measured << "; " << f.whose << " allows "
              << f.allowed << ". " << f.fix << '\n';
  }
  return has_errors(found) ? 1 : 0;
}
