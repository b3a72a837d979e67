#include "core/bytes.hpp"

#include <gtest/gtest.h>

#include <array>

namespace natcheck {
namespace bytes_test {

constexpr std::array<std::uint8_t, 7> bytes{0x01, 0xff, 0xfe, 0xde, 0xad, 0xbe, 0xef};

TEST(ByteReader, ReadsBigEndian) {
  byte_reader reader(bytes);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0xfffe);
  EXPECT_EQ(reader.u32(), 0xdeadbeef);
  EXPECT_TRUE(reader.ok());
}

TEST(ByteReader, NoticesEveryTruncation) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    byte_reader reader{std::span(bytes).first(size)};
    reader.u8();
    reader.u16();
    reader.u32();
    EXPECT_FALSE(reader.ok()) << size << " bytes";
  }
}

TEST(ByteReader, GivesNothingAfterTheEnd) {
  byte_reader reader{std::span(bytes).first(3)};
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_EQ(reader.u8(), 0) << "the rest does not count after a failed read";
  EXPECT_FALSE(reader.ok());
}

}  // namespace bytes_test
}  // namespace natcheck
