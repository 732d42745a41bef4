#pragma once

#include <filesystem>

namespace sugang {

/// Makes the entries of `folder` durable: a file that was created or renamed in it survives a power cut only then.
/// Throws StorageError.
void sync_folder(const std::filesystem::path& folder);

/// Makes the folder and its missing parents, each durable in the folder above. Throws StorageError.
void make_folder(const std::filesystem::path& folder);

}  // namespace sugang
