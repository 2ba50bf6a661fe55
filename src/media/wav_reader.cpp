// media/wav_reader - WAVE in RIFF and RF64: what kind of samples, and how long they play. Nothing allocates.
#include <algorithm>
#include <media/duration.hpp>
#include <media/readers.hpp>

namespace broadside::media {
namespace {

constexpr std::uint32_t in_ds64 = 0xFFFF'FFFF;  // RF64: the true size stands in the ds64 chunk; RIFF: nobody knew it

std::string_view codec_of(std::uint16_t format) noexcept {
  switch (format) {
    case 0x01:
      return "pcm";
    case 0x02:
      return "adpcm";
    case 0x03:
      return "float";
    case 0x06:
      return "alaw";
    case 0x07:
      return "mulaw";
    case 0x11:
      return "adpcm";
    case 0x31:
      return "gsm";
    case 0x50:
      return "mp2";
    case 0x55:
      return "mp3";
    default:
      return "other";
  }
}

class reader {
 public:
  reader(window& file, media_facts& facts) noexcept : file_(file), facts_(facts) {}

  void run() noexcept {
    const bytes head = file_.look(0, 12);
    if (head.size() < 12) {
      file_.broken(media_fault::truncated);
      return;
    }
    rf64_ = head.starts_with("RF64");
    while (!has_data_ && read_chunk()) {
    }
    conclude();
  }

 private:
  /// False: the walk is over.
  bool read_chunk() noexcept {
    const bytes head = file_.look(at_, 8);
    if (head.size() < 8 || !file_.enter()) return false;
    const std::uint64_t body = at_ + 8;
    const std::uint32_t size = head.le32(4);
    if (head.starts_with("data")) {
      read_data(body, size);
      return false;
    }
    if (head.starts_with("fmt ")) read_format(body, size);
    if (head.starts_with("ds64")) data_size_ = file_.look(body, 16).le64(8);
    if (head.starts_with("fact") && size >= 4) samples_ = file_.look(body, 4).le32(0);
    at_ = body + size + (size & 1U);  // chunks start at even places
    return true;
  }

  void read_format(std::uint64_t at, std::uint32_t size) noexcept {
    const bytes format = file_.look(at, std::min<std::size_t>(size, 40));
    if (format.size() < 14) {
      file_.broken(size < 14 ? media_fault::bad_structure : media_fault::truncated);
      return;
    }
    constexpr std::uint16_t extensible = 0xFFFE;  // the true format starts the GUID
    format_ = format.le16(0) == extensible ? format.le16(24) : format.le16(0);
    samples_per_second_ = format.le32(4);
    bytes_per_second_ = format.le32(8);
    facts_.bits = static_cast<std::uint8_t>(std::min<std::uint16_t>(format.le16(14), 255));
    facts_.audio_codec = codec_of(format_);
    if (format.le16(2) == 0 || samples_per_second_ == 0 || bytes_per_second_ == 0) {
      file_.broken(media_fault::bad_structure);
    }
  }

  void read_data(std::uint64_t at, std::uint32_t size) noexcept {
    has_data_ = true;
    const std::uint64_t there = file_.size() - at;
    if (size == in_ds64 && !rf64_) {
      data_size_ = there;  // streamed: up to the end
    } else if (size != in_ds64) {
      data_size_ = size;
    }
    if (data_size_ > there) {
      file_.lenient(media_fault::truncated);  // players play what is there
      data_size_ = there;
    }
  }

  void conclude() noexcept {
    if (bytes_per_second_ == 0 || !has_data_) {
      file_.broken(has_data_ ? media_fault::bad_structure : media_fault::truncated);
      return;
    }
    if (data_size_ == 0) {
      file_.broken(media_fault::no_content);
      return;
    }
    // Of compressed samples the rate is an average, and often wrong: their number tells better.
    const auto by_rate = duration_of(data_size_, bytes_per_second_);
    const auto by_samples = samples_ == 0 ? std::nullopt : duration_of(samples_, samples_per_second_);
    const bool plain = format_ == 1 || format_ == 3 || format_ == 6 || format_ == 7;
    facts_.duration = !plain && by_samples ? by_samples : by_rate;
  }

  // constant after run() began
  window& file_;
  media_facts& facts_;
  bool rf64_ = false;

  std::uint64_t at_ = 12;
  bool has_data_ = false;
  std::uint16_t format_ = 0;
  std::uint32_t samples_per_second_ = 0;
  std::uint32_t bytes_per_second_ = 0;
  std::uint32_t samples_ = 0;
  std::uint64_t data_size_ = 0;
};

}  // namespace

void read_wav(window& file, media_facts& facts) noexcept { reader(file, facts).run(); }

}  // namespace broadside::media
