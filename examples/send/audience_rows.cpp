// send/audience_rows - next(), and a block more when there is nothing. One thread.
#include "audience_rows.hpp"
#include <utility>

namespace broadside::send {

audience_row row_at(const audience_batch& batch, std::size_t place) {
  return {static_cast<std::uint64_t>(batch.first) + place, batch.lines[place], batch.fault};
}

audience_options with_columns(audience_options how, const audience_columns& columns) {
  how.columns = columns;
  return how;
}

void read_block(audience_input& input, audience_reader& reader) {
  reader.filled(input.read(reader.room()));
  if (input.at_end()) reader.finish();
}

audience_step audience_rows::next(audience_batch& out) {
  while (true) {
    const audience_step step = reader_.next(out);
    if (step != audience_step::more || input_->at_end()) return step;
    input_->wait();
    read_block(*input_, reader_);
  }
}

}  // namespace broadside::send
