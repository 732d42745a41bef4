#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sugang {

/// The files of a log, numbered from 1 and each of a fixed size: zeros, until a block is written. Two adapters: a
/// folder, and the tests' memory, which loses what was not made durable. All throw StorageError; a read of a block
/// that the disk can't read throws DamagedEntry.
class SegmentFiles {
 public:
  /// Offsets and sizes of writes are multiples of it, and the memory written from is aligned to it.
  static constexpr std::size_t block_bytes = 4096;

  virtual ~SegmentFiles() = default;
  /// The numbers of those there are, ascending.
  virtual std::vector<std::uint64_t> list() const = 0;
  virtual std::uint64_t size(std::uint64_t number) const = 0;
  /// All of it is allocated and durable on return. A crash leaves no such file, or the whole one.
  virtual void create(std::uint64_t number, std::uint64_t bytes) = 0;
  /// Durable on return.
  virtual void write(std::uint64_t number, std::uint64_t offset, std::string_view bytes) = 0;
  /// Makes durable what an earlier process may have written without seeing the end of it.
  virtual void sync(std::uint64_t number) = 0;
  /// Into `to`. From any thread.
  virtual void read(std::uint64_t number, std::uint64_t offset, char* to, std::size_t bytes) const = 0;
  /// For messages.
  virtual std::string name(std::uint64_t number) const = 0;
};

}  // namespace sugang
