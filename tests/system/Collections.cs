using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests;

public sealed class StandaloneHouse : Standalone, IAsyncLifetime;

public sealed class DistributedHouse : Distributed, IAsyncLifetime;

/// <summary>One standalone installation for all classes that use it.</summary>
[CollectionDefinition(nameof(StandaloneCollection))]
public sealed class StandaloneCollection : ICollectionFixture<StandaloneHouse>;

/// <summary>One distributed installation for all classes that use it.</summary>
[CollectionDefinition(nameof(DistributedCollection))]
public sealed class DistributedCollection : ICollectionFixture<DistributedHouse>;
