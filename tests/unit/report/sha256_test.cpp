#include "report/sha256.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace natcheck::report {
namespace {

std::string hex_of(std::string_view message) {
  std::string text;
  for (const auto byte : sha256(message)) text += fmt::format("{:02x}", byte);
  return text;
}

// FIPS 180-2, appendix B, and the lengths at which the padding takes another block.
TEST(Sha256, KnownHashes) {
  const struct {
    std::string message;
    const char* hash;
  } table[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1'000'000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
      {std::string(55, 'a'), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
      {std::string(64, 'a'), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
  };
  for (const auto& row : table) EXPECT_EQ(hex_of(row.message), row.hash) << row.message.size();
}

// RFC 4648 section 10.
TEST(Base64, KnownTexts) {
  const struct {
    const char* bytes;
    const char* text;
  } table[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};
  for (const auto& row : table) EXPECT_EQ(base64(row.bytes), row.text);
  EXPECT_EQ(base64("\xfb\xff\xfe"), "+//+");
}

}  // namespace
}  // namespace natcheck::report
