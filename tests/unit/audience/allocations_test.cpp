// tests/audience/allocations - a row costs none.
#include <string>
#include <support/catch.hpp>
#include <unit/audience/read.hpp>
#include <unit/sms/allocations.hpp>

using namespace broadside;
using namespace broadside::test;

TEST_CASE("audience_reader: a row allocates nothing once the reader is warm", "[audience]") {
  const auto format = GENERATE(audience_format::csv, audience_format::jsonl);
  audience_options how = csv_options(3);
  how.format = format;
  how.block_bytes = 4096;
  const std::string row = format == audience_format::csv
                              ? "+12125550123,\"say \"\"hi\"\"\",\"two\nlines\"\nbad \" row\n"
                              : "{\"a\":\"+12125550123\",\"b\":\"say \\\"hi\\\"\",\"c\":1.5,\"x\":[1]}\n{\"a\":\n";
  audience_reader reader(how);
  audience_batch batch;
  if (format == audience_format::csv) reader.feed("a,b,c\n");
  std::size_t rows = 0;
  const auto read = [&](int times) {
    for (int i = 0; i < times; ++i) {
      reader.feed(row);
      while (reader.next(batch) != audience_step::more) rows += batch.lines.size();
    }
  };
  read(2'000);
  const std::size_t before = allocations();
  read(2'000);
  CHECK(allocations() == before);
  CHECK(rows == 8'000);
  CHECK(reader.errors().empty());
}
