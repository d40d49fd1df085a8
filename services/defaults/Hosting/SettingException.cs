namespace Newsletter.Defaults.Hosting;

/// <summary>A missing or malformed setting; the process stops with the message as its only line.</summary>
public sealed class SettingException(string setting, string problem)
    : Exception($"Setting {setting}: {problem}");
