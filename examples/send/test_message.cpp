// send/test_message - an audience of one row, sent the way that every message goes.
#include "test_message.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "audience_input.hpp"
#include "audience_rows.hpp"
#include "rejects.hpp"
#include "report.hpp"
#include "tell.hpp"

namespace broadside::send {
namespace {

// The first good row's values; all empty without an audience.
std::optional<std::string> first_values(const command& from, const run_options& how, const audience_columns& columns,
                                        std::vector<std::string>& out) {
  out.assign(columns.values.size(), {});
  if (from.audience.empty()) return std::nullopt;
  audience_input input;
  if (!input.open(from.audience)) return input.error();
  audience_rows read(input, with_columns(how.rows, columns));
  audience_batch batch;
  while (true) {
    switch (read.next(batch)) {
      case audience_step::unusable:
        return fmt::format("{}: {}", how.audience, printable(read.errors().front(), 300));
      case audience_step::rows:
        out.assign(batch.recipients[0].values.begin(), batch.recipients[0].values.end());
        return std::nullopt;
      case audience_step::bad_row:
        break;
      case audience_step::more:
        return input.error().empty() ? "the audience has no good row" : input.error();
    }
  }
}

std::optional<std::string> set_values(const command& from, const std::vector<std::string>& names,
                                      std::vector<std::string>& out) {
  for (const std::string& each : from.values) {
    const std::size_t split = each.find('=');
    if (split == std::string::npos) return "--value must be name=value";
    const auto found = std::find(names.begin(), names.end(), each.substr(0, split));
    if (found == names.end()) {
      return fmt::format("--value {}: the campaign has no such attribute", printable(each.substr(0, split), 64));
    }
    out[static_cast<std::size_t>(found - names.begin())] = each.substr(split + 1);
  }
  return std::nullopt;
}

// As CSV, so that a test goes the way that every message goes.
std::string one_row(const std::string& to, const std::vector<std::string>& values, audience_columns& columns) {
  std::string header = "to";
  std::string row;
  const auto quote = [&](std::string_view text) {
    row += '"';
    for (const char c : text) row.append(c == '"' ? 2 : 1, c);
    row += '"';
  };
  quote(to);
  columns.to = "to";
  for (std::size_t i = 0; i < values.size(); ++i) {
    columns.values[i] = fmt::format("value{}", i);
    header += "," + columns.values[i];
    row += ',';
    quote(values[i]);
  }
  return header + "\n" + row + "\n";
}

}  // namespace

exit_code send_test_message(const command& from, setup with, run_options how) {
  std::vector<std::string> values;
  if (const auto wrong = first_values(from, how, with.columns, values)) {
    tell(fmt::format("error: {}\n", *wrong));
    return exit_code::audience_unreadable;
  }
  if (const auto wrong = set_values(from, with.campaign.attributes, values)) {
    tell(fmt::format("error: {}\n", *wrong));
    return exit_code::wrong_usage;
  }
  audience_input input;
  input.open_text(one_row(from.test_to, values, with.columns));
  how.audience = "the test";
  how.rows = {.row_bytes_max = std::size_t{16} * 1024 * 1024};
  if (from.rejects.empty()) how.book.rejects_path.clear();
  std::vector<std::string> routes;
  for (const route_options& route : with.options.routes) routes.push_back(route.name);
  how.book.on_event = [&](const event& e) {
    const std::string number = from.show_numbers ? from.test_to : masked(from.test_to);
    print(fmt::format("{} to {}", name_of(e.outcome), number));
    if (e.route < routes.size()) print(fmt::format(" by route {}", printable(routes[e.route], 64)));
    if (e.reason != errc{}) print(fmt::format(": {}", message_of(e.reason)));
    if (!e.status_code.empty() || !e.error.empty()) {
      print(fmt::format(" [{}] {}", printable(e.status_code, 32), printable(e.error, 160)));
    }
    print(fmt::format("\n  message {}, the provider's {}\n", to_string(e.id),
                      e.provider_message_id.empty() ? "none" : printable(e.provider_message_id, 64)));
  };
  send_run run(std::move(with), input, how);
  const exit_code code = run.run();
  if (code == exit_code::books_unbalanced) print(run.books());
  return code;
}

}  // namespace broadside::send
