using System.Runtime.CompilerServices;

namespace Newsletter.Architecture.Tests;

/// <summary>The tree that these tests were built from.</summary>
internal static class Sources
{
    public static string Root { get; } = RootOf();

    /// <summary>Files of our own below a folder: neither built nor generated.</summary>
    public static IEnumerable<string> Files(string folder, params string[] extensions) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => extensions.Contains(Path.GetExtension(file)) && !file.Split('/').Any(part => part is "bin" or "obj" or "Migrations"));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    private static string RootOf([CallerFilePath] string file = "")
    {
        // A deterministic build may have mapped the path of this file; the output folder is always inside the tree.
        foreach (var start in (string?[])[Path.GetDirectoryName(file), AppContext.BaseDirectory])
        {
            for (var folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "Newsletter.sln"))) return folder;
            }
        }
        throw new InvalidOperationException("Newsletter.sln is in none of the folders above.");
    }
}
